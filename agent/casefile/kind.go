package casefile

// The kinds of entries, in the order in which a case meets them.
const (
	KindSignalReceived   Kind = "signal.received"
	KindCaseOpened       Kind = "case.opened"
	KindCaseReopened     Kind = "case.reopened"
	KindCaseLinked       Kind = "case.linked"
	KindProcedureChosen  Kind = "procedure.chosen"
	KindInputsFound      Kind = "inputs.found"
	KindCaseCorrelated   Kind = "case.correlated"
	KindKnowledgeFound   Kind = "knowledge.found"
	KindHistoryFound     Kind = "history.found"
	KindModelAnswered    Kind = "model.answered"
	KindModelProposed    Kind = "model.proposed"
	KindHypothesisChosen Kind = "hypothesis.chosen"
	KindHypothesisFailed Kind = "hypothesis.failed"
	KindHypothesisEnded  Kind = "hypothesis.ended"
	KindStepDone         Kind = "step.done"
	KindActionDenied     Kind = "action.denied"
	KindActionShadowed   Kind = "action.shadowed"
	KindCallIntended     Kind = "call.intended"
	KindCallAnswered     Kind = "call.answered"
	KindApprovalAsked    Kind = "approval.asked"
	KindApprovalVoided   Kind = "approval.voided"
	KindApprovalExpired  Kind = "approval.expired"
	KindOperatorDecided  Kind = "operator.decided"
	KindAuthorityChanged Kind = "authority.changed"
	KindCustomerAsked    Kind = "customer.asked"
	KindCustomerAnswered Kind = "customer.answered"
	KindQuestionEnded    Kind = "question.ended"
	KindWaitStarted      Kind = "wait.started"
	KindWaitEnded        Kind = "wait.ended"
	KindCheckRead        Kind = "check.read"
	KindReplyWritten     Kind = "reply.written"
	KindCaseStopped      Kind = "case.stopped"
	KindHandoffOpened    Kind = "handoff.opened"
	KindHandoffNoticed   Kind = "handoff.noticed"
	KindCaseResolved     Kind = "case.resolved"
	KindCaseClosed       Kind = "case.closed"
)

func newData(k Kind) Data {
	switch k {
	case KindSignalReceived:
		return new(SignalReceived)
	case KindCaseOpened:
		return new(CaseOpened)
	case KindCaseReopened:
		return new(CaseReopened)
	case KindCaseLinked:
		return new(CaseLinked)
	case KindProcedureChosen:
		return new(ProcedureChosen)
	case KindInputsFound:
		return new(InputsFound)
	case KindCaseCorrelated:
		return new(CaseCorrelated)
	case KindKnowledgeFound:
		return new(KnowledgeFound)
	case KindHistoryFound:
		return new(HistoryFound)
	case KindModelAnswered:
		return new(ModelAnswered)
	case KindModelProposed:
		return new(ModelProposed)
	case KindHypothesisChosen:
		return new(HypothesisChosen)
	case KindHypothesisFailed:
		return new(HypothesisFailed)
	case KindHypothesisEnded:
		return new(HypothesisEnded)
	case KindStepDone:
		return new(StepDone)
	case KindActionDenied:
		return new(ActionDenied)
	case KindActionShadowed:
		return new(ActionShadowed)
	case KindCallIntended:
		return new(CallIntended)
	case KindCallAnswered:
		return new(CallAnswered)
	case KindApprovalAsked:
		return new(ApprovalAsked)
	case KindApprovalVoided:
		return new(ApprovalVoided)
	case KindApprovalExpired:
		return new(ApprovalExpired)
	case KindOperatorDecided:
		return new(OperatorDecided)
	case KindAuthorityChanged:
		return new(AuthorityChanged)
	case KindCustomerAsked:
		return new(CustomerAsked)
	case KindCustomerAnswered:
		return new(CustomerAnswered)
	case KindQuestionEnded:
		return new(QuestionEnded)
	case KindWaitStarted:
		return new(WaitStarted)
	case KindWaitEnded:
		return new(WaitEnded)
	case KindCheckRead:
		return new(CheckRead)
	case KindReplyWritten:
		return new(ReplyWritten)
	case KindCaseStopped:
		return new(CaseStopped)
	case KindHandoffOpened:
		return new(HandoffOpened)
	case KindHandoffNoticed:
		return new(HandoffNoticed)
	case KindCaseResolved:
		return new(CaseResolved)
	case KindCaseClosed:
		return new(CaseClosed)
	}
	return nil
}

// Kind gives the entry's kind.
func (*SignalReceived) Kind() Kind { return KindSignalReceived }

// Kind gives the entry's kind.
func (*CaseOpened) Kind() Kind { return KindCaseOpened }

// Kind gives the entry's kind.
func (*CaseReopened) Kind() Kind { return KindCaseReopened }

// Kind gives the entry's kind.
func (*CaseLinked) Kind() Kind { return KindCaseLinked }

// Kind gives the entry's kind.
func (*ProcedureChosen) Kind() Kind { return KindProcedureChosen }

// Kind gives the entry's kind.
func (*InputsFound) Kind() Kind { return KindInputsFound }

// Kind gives the entry's kind.
func (*CaseCorrelated) Kind() Kind { return KindCaseCorrelated }

// Kind gives the entry's kind.
func (*KnowledgeFound) Kind() Kind { return KindKnowledgeFound }

// Kind gives the entry's kind.
func (*HypothesisChosen) Kind() Kind { return KindHypothesisChosen }

// Kind gives the entry's kind.
func (*HypothesisFailed) Kind() Kind { return KindHypothesisFailed }

// Kind gives the entry's kind.
func (*HypothesisEnded) Kind() Kind { return KindHypothesisEnded }

// Kind gives the entry's kind.
func (*StepDone) Kind() Kind { return KindStepDone }

// Kind gives the entry's kind.
func (*ActionDenied) Kind() Kind { return KindActionDenied }

// Kind gives the entry's kind.
func (*ActionShadowed) Kind() Kind { return KindActionShadowed }

// Kind gives the entry's kind.
func (*CallIntended) Kind() Kind { return KindCallIntended }

// Kind gives the entry's kind.
func (*CallAnswered) Kind() Kind { return KindCallAnswered }

// Kind gives the entry's kind.
func (*ApprovalAsked) Kind() Kind { return KindApprovalAsked }

// Kind gives the entry's kind.
func (*ApprovalVoided) Kind() Kind { return KindApprovalVoided }

// Kind gives the entry's kind.
func (*ApprovalExpired) Kind() Kind { return KindApprovalExpired }

// Kind gives the entry's kind.
func (*OperatorDecided) Kind() Kind { return KindOperatorDecided }

// Kind gives the entry's kind.
func (*AuthorityChanged) Kind() Kind { return KindAuthorityChanged }

// Kind gives the entry's kind.
func (*CustomerAsked) Kind() Kind { return KindCustomerAsked }

// Kind gives the entry's kind.
func (*CustomerAnswered) Kind() Kind { return KindCustomerAnswered }

// Kind gives the entry's kind.
func (*QuestionEnded) Kind() Kind { return KindQuestionEnded }

// Kind gives the entry's kind.
func (*WaitStarted) Kind() Kind { return KindWaitStarted }

// Kind gives the entry's kind.
func (*WaitEnded) Kind() Kind { return KindWaitEnded }

// Kind gives the entry's kind.
func (*CheckRead) Kind() Kind { return KindCheckRead }

// Kind gives the entry's kind.
func (*ReplyWritten) Kind() Kind { return KindReplyWritten }

// Kind gives the entry's kind.
func (*CaseStopped) Kind() Kind { return KindCaseStopped }

// Kind gives the entry's kind.
func (*HandoffOpened) Kind() Kind { return KindHandoffOpened }

// Kind gives the entry's kind.
func (*HandoffNoticed) Kind() Kind { return KindHandoffNoticed }

// Kind gives the entry's kind.
func (*CaseResolved) Kind() Kind { return KindCaseResolved }

// Kind gives the entry's kind.
func (*CaseClosed) Kind() Kind { return KindCaseClosed }
