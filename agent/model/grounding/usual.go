package grounding

import "strings"

// usual are words that stand at the beginning of sentences, or say nothing of what will be.
var usual = setOf(`
a able about above absolutely according accordingly account accounts across actually add added additionally address after afternoon again against ago
ahead all allow almost along already also alternatively although always am among amount an and another answer answers any anybody anyhow anyone
anything anyway apart apologies apology apparently approximately are around arrive arrived as asap ask asked asking assured at attached available
aware away back bank based basically be because been before began begin beginning behind being below beside besides best between beyond bic both
bought bring but buy by call called can cancel cancelled card case cent certain certainly change changed charge charged check checking cheers choose
clear clearly click close closed come coming company concerning confirm congratulations consider considering contact contains continue correct could
credit credited currently customer customers day days dear definitely delay deliver delivered delivery depending despite details did different do does
doing done down dr due during each earlier eight either email enclosed end enjoy enter error especially essentially even evening eventually every
everybody everyone everything exactly except excluding false faq feel few finally find finding first firstly five follow followed following for
fortunately forward four free from full furthermore fyi generally get getting give given glad gladly go going good got gps grateful greetings had half
happily happy has have having he hello help helped helpful hence her here hey hi him his hold hope hopefully hours how however i iban id if ihr ihre
important impossible in include included includes including inconvenience information inside instead into invoice invoices is issue issues it item
items its itself just keep kind know last lastly later leave left less let lets like likely likewise look looking luckily madam mail make making many
may maybe me meantime meanwhile mein meine message messages might mine minutes miss mistake moment money month more moreover morning most move mr mrs
ms much must my myself name near nearly necessary need needed needs neither never nevertheless new next nine no nobody none nonetheless nor normally
not note noted nothing now number numbers obviously of off often ok okay old on once one ones only onto open opened or order ordered orders other
others otherwise ought our ours ourselves out outside over overall own package paid parcel part particularly parts pay payment payments pdf per
percent perhaps pin place plan please pleased policy possible possibly presumably price probably problem problems product products provide ps put
question questions quite rather re reach read reading ready really reason receipt receive received receiving recently refund refunded refunds
regarding regardless regards regrettably remember remove removed replace replaced replacement reply replying request requests rest return returned
returns right roughly sadly said same say second secondly see seeing select send sending sent service set seven several shall she ship shipment
shipped should show shown shows side similarly since sincerely sir six so some somebody someone something sometimes soon sorry specifically start
started still stop stopped subscription such support sure take taking team tell telling ten than thank thanks that the their theirs them themselves
then there therefore these they thing things think third this those though three through thus ticket time times to today together told tomorrow
tonight too total toward towards trouble true try trying turn tv two typically under unfortunately unless unlike unlikely until up upon url us usb use
used useful using usually vat very via visit wait waiting want warm was way ways we week welcome were what when where whereas whether which while who
whom whose why will wish with within without working would write writing wrong wrote year yes yesterday yet you your yours yourself`)

func setOf(words string) map[string]bool {
	set := map[string]bool{}
	for _, w := range strings.Fields(words) {
		set[w] = true
	}
	return set
}
