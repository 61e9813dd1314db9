package runs

// Watch answers a channel that has something whenever runs went on, a function that takes the newest of
// each, and one that ends watching.
func (k *Keeper) Watch() (news <-chan struct{}, take func() []Run, cancel func()) {
	return k.watched.Watch()
}
