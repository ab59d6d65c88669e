package topn

// keys are the names of all that Redis holds of one board. They share a hash tag,
// so that they lie on one node of a cluster.
type keys struct {
	board    string // sorted set: the members, and one below them that shows it's whole
	mark     string // number, changed by every change; there is none without a board
	offsets  string // hash, stream to last offset applied
	versions string // hash, member to version, since the last rebuild
	older    string // the same, from the rebuild before to the last
	trimmed  string // score that no member beyond those retained was above
	lease    string // who rebuilds

	fresh         string // the board that is being rebuilt
	freshVersions string // its versions
	delta         string // sorted set: what was added to a Counter board meanwhile
}

func newKeys(prefix, key string) keys {
	at := prefix + ":{" + key + "}:"
	return keys{
		board: at + "board", mark: at + "mark", offsets: at + "offsets",
		versions: at + "versions", older: at + "older", trimmed: at + "trimmed", lease: at + "lease",
		fresh: at + "fresh", freshVersions: at + "freshversions", delta: at + "delta",
	}
}

// all returns every key that Redis may have of the board.
func (k *keys) all() []string {
	return append(k.build(), k.board, k.mark, k.offsets, k.versions, k.older, k.trimmed)
}

// build returns the keys that every script of a rebuild begins with.
func (k *keys) build() []string { return []string{k.lease, k.fresh, k.freshVersions, k.delta} }
