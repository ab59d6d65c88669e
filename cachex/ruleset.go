package cachex

// A ruleset is the policies of a cache in a form that a record can point into.
type ruleset struct {
	all   []Policy // all[0] is the default
	byBiz map[string]uint32
	sends int // the most send budgets that a policy has
}

func newRuleset(policies map[string]Policy) ruleset {
	r := ruleset{byBiz: make(map[string]uint32, len(policies))}
	r.add("", policies[""])
	for biz, p := range policies {
		if biz != "" {
			r.add(biz, p)
		}
	}
	return r
}

func (r *ruleset) add(biz string, p Policy) {
	r.byBiz[biz] = uint32(len(r.all))
	r.all = append(r.all, p)
	r.sends = max(r.sends, len(p.Sends))
}

// pick returns the index in all of the policy for biz.
func (r *ruleset) pick(biz string) uint32 { return r.byBiz[biz] }
