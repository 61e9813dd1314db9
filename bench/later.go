package main

import ("context")

func (l *lab) calls(ctx context.Context) error {return nil}
func (l *lab) restart(ctx context.Context) error {return nil}
func (l *lab) idle(ctx context.Context) error {return nil}
func (l *lab) curve(ctx context.Context) error {return nil}
func callAlone(ctx context.Context, j job, say func(said)) error {return nil}
func fill(ctx context.Context, j job, say func(said)) error {return nil}
func measureCurve(ctx context.Context, j job, say func(said)) error {return nil}
