package e2e_test

import (
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/examples/tinybook/internal/apptest"
	"github.com/ycvk/tinybook/examples/tinybook/internal/config"
	"github.com/ycvk/tinybook/internal/realserver"
)

// How much a provider takes in these tests.
const (
	pace   = 20
	paceIn = time.Second
)

// sending makes a site on services send in a hurry, and each phone get one code.
func sending(cfg *config.Config) {
	cfg.HTTP.AddressLimit = config.Rate{}
	cfg.SMS.AddressLimit = config.Rate{N: 100_000, Per: time.Second}
	cfg.SMS.PhoneLimit = config.Rate{N: 1, Per: time.Hour}
	cfg.SMS.ProviderLimit = config.Rate{N: pace, Per: paceIn}
	cfg.SMS.Timeout, cfg.SMS.Lease = time.Second, 3*time.Second
	cfg.SMS.Poll, cfg.SMS.OpenFor = 50*time.Millisecond, 300*time.Millisecond
}

// times finds how long requests took, which may look like a code.
var times = regexp.MustCompile(`"took":\d+`)

// The way of a code on two processes that share a database and a Redis, as two
// pods do.
func TestServicesSend(t *testing.T) {
	t.Parallel() // it mostly waits
	for name, database := range map[string]func(testing.TB, ...string) *realserver.Server{
		"MariaDB": realserver.MariaDB, "MySQL": realserver.MySQL,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := startServices(t, database)
			siteOne, siteTwo := s.site(t, sending), s.site(t, sending)
			one, two := newClient(t, siteOne.URL()), newClient(t, siteTwo.URL())
			signUp := fields{"email": boss, "password": accountPassword, "confirmPassword": accountPassword}
			one.post("/users/signup", signUp).want(t, 201)
			one.login(boss)
			two.login(boss)
			require.False(t, one.ops().CanBreak)
			one.post("/ops/sms/fault", fields{"provider": "given", "down": true}).want(t, 404)

			waitsForItsProvider(t, s, one, two)
			followsTheOtherProcess(t, one, two)
			keepsThePaceOfTheProvider(t, s, one, two)
			waitsForRedis(t, s, one, two)
			survivesItsDatabase(t, s, one, two)
			for _, site := range []*apptest.Site{siteOne, siteTwo} {
				log := times.ReplaceAllString(site.Log.String(), "")
				for _, d := range s.phones.deliveries() {
					if strings.Contains(log, d.to[3:]) || regexp.MustCompile(`\b`+d.code+`\b`).MatchString(log) {
						t.Errorf("the log tells the code %s of %s", d.code, d.to)
					}
				}
			}
		})
	}
}

// waitsForItsProvider: what the provider doesn't take waits where both processes
// see it, and goes out once, by whichever comes first.
func waitsForItsProvider(t *testing.T, s *services, one, two *client) {
	s.phones.setDown(true)
	phone := newPhone()
	one.post("/users/login_sms/code/send", fields{"phone": phone}).want(t, 200)
	require.Equal(t, 1, one.ops().waiting())
	require.Equal(t, 1, two.ops().waiting())
	s.phones.setDown(false)
	drained(t, one)
	codes := s.phones.codes("+86" + phone)
	require.Len(t, codes, 1)
	login := fields{"phone": phone, "code": codes[0]}
	two.at(two.base).post("/users/login_sms", login).want(t, 200)
	one.at(one.base).post("/users/login_sms", login).want(t, 401)
}

func drained(t *testing.T, c *client) {
	t.Helper()
	require.Eventually(t, func() bool { return c.ops().waiting() == 0 }, time.Minute, poll)
}

func followsTheOtherProcess(t *testing.T, one, two *client) {
	one.post("/ops/sms/threshold", fields{"ratio": 0.9}).want(t, 200)
	require.Equal(t, 0.9, one.ops().Threshold)
	require.Eventually(t, func() bool { return two.ops().Threshold == 0.9 }, 5*second, poll)
}

// keepsThePaceOfTheProvider: both processes together send it no more than it
// takes, and every phone gets one message.
func keepsThePaceOfTheProvider(t *testing.T, s *services, one, two *client) {
	before := len(s.phones.deliveries())
	const phones = 3 * pace
	begin := time.Now()
	var all sync.WaitGroup
	for i := range phones {
		c, phone := []*client{one, two}[i%2], newPhone()
		all.Go(func() { c.post("/users/login_sms/code/send", fields{"phone": phone}).want(t, 200) })
	}
	all.Wait()
	drained(t, one)
	require.Len(t, s.phones.deliveries(), before+phones)
	require.Equal(t, 1, s.phones.most())
	s.phones.paced(t, begin, pace, paceIn)
	require.Positive(t, one.ops().Sent.Later+two.ops().Sent.Later)
}

// waitsForRedis: without it nobody knows how much the provider may be sent, nor
// which codes are good, so what is queued stays there, and is good afterwards.
func waitsForRedis(t *testing.T, s *services, one, two *client) {
	s.phones.setDown(true)
	phone := newPhone()
	one.post("/users/login_sms/code/send", fields{"phone": phone}).want(t, 200)
	s.redis.Kill()
	s.phones.setDown(false)
	require.NotEmpty(t, two.post("/users/login_sms/code/send", fields{"phone": newPhone()}).want(t, 503).Header.Get("Retry-After"))
	s.redis.Restart()
	require.Eventually(t, func() bool { return len(s.phones.codes("+86"+phone)) == 1 }, time.Minute, poll)
	for _, node := range []*client{one, two} { // each finds out by itself that Redis is back
		require.Eventually(t, func() bool { return node.get("/ops/state").Status == 200 }, time.Minute, poll)
	}
	login := fields{"phone": phone, "code": s.phones.codes("+86" + phone)[0]}
	two.at(two.base).post("/users/login_sms", login).want(t, 200)
	drained(t, one)
}

// survivesItsDatabase: while nothing can be queued no code is promised, and
// nothing is used up by asking. What was promised before goes out afterwards.
func survivesItsDatabase(t *testing.T, s *services, one, two *client) {
	s.phones.setDown(true)
	promised, refused := newPhone(), newPhone()
	one.post("/users/login_sms/code/send", fields{"phone": promised}).want(t, 200)
	s.database.Kill()
	for _, c := range []*client{one, two, one} { // not 429: each gave back what it took
		a := c.post("/users/login_sms/code/send", fields{"phone": refused}).want(t, 503)
		require.Equal(t, 1, retryAfter(t, a))
	}
	one.get("/ops/state").want(t, 500) // as whatever else reads the database
	s.database.Restart()
	s.phones.setDown(false)
	require.Eventually(t, func() bool { // its pool has to find out
		return two.post("/users/login_sms/code/send", fields{"phone": refused}).Status == 200
	}, 30*time.Second, poll)
	drained(t, two)
	for _, phone := range []string{promised, refused} {
		require.Len(t, s.phones.codes("+86"+phone), 1)
	}
}
