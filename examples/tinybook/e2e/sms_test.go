package e2e_test

import (
	"strconv"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/examples/tinybook/internal/app"
	"github.com/ycvk/tinybook/examples/tinybook/internal/apptest"
)

func TestPhoneSpellingsAreOneAccount(t *testing.T) {
	c := start(t)
	phone := newPhone()
	code := c.code("+86 " + phone[:3] + " " + phone[3:7] + "-" + phone[7:])
	require.Equal(t, "+86"+phone, c.newest().To)
	for _, spelling := range []string{phone, "+86" + phone, "0086" + phone, "86" + phone, " 0086 " + phone} {
		a := c.post("/users/login_sms/code/send", fields{"phone": spelling}).want(t, 429)
		seconds, err := strconv.Atoi(a.Header.Get("Retry-After"))
		require.NoError(t, err, spelling)
		require.True(t, 0 < seconds && seconds <= 60, "Retry-After %d", seconds)
	}
	a := c.post("/users/login_sms", fields{"phone": "0086" + phone, "code": code}).want(t, 200)
	c.token = decode[tokens](t, a).AccessToken
	require.Equal(t, phone[:3]+"****"+phone[7:], decode[profile](t, c.get("/users/profile")).Phone)

	for _, bad := range []any{"", "12345", "+86 100", "1390000000a", "not a phone", "010 6552 9988", 13900000000, nil, "+86" + phone + phone} {
		a := c.post("/users/login_sms/code/send", fields{"phone": bad}).want(t, 422)
		require.Len(t, a.Errors, 1, "%v", bad)
		require.Equal(t, "phone", a.Errors[0].Field)
	}
}

func TestDemoAccountByPhoneAndByPassword(t *testing.T) {
	c := start(t)
	byPassword := c.post("/users/login", fields{"email": app.DemoEmail, "password": app.DemoPassword}).want(t, 200)
	c.token = decode[tokens](t, byPassword).AccessToken
	first := decode[profile](t, c.get("/users/profile").want(t, 200))
	require.Equal(t, "138****8000", first.Phone)

	c.token = ""
	bySMS := c.post("/users/login_sms", fields{"phone": "13800138000", "code": c.code("13800138000")}).want(t, 200)
	c.token = decode[tokens](t, bySMS).AccessToken
	require.Equal(t, first, decode[profile](t, c.get("/users/profile").want(t, 200)))
}

func TestCodeWorksOnce(t *testing.T) {
	site := apptest.Start(t, nil)
	c := newClient(t, site.URL())
	phone := newPhone()
	login := fields{"phone": phone, "code": c.code(phone)}
	// Sent by one node, good on the other.
	c.at(site.Nodes[1].URL).post("/users/login_sms", login).want(t, 200)
	a := c.post("/users/login_sms", login).want(t, 401)
	require.Equal(t, []string{"code code_gone"}, a.faults())
	require.NotContains(t, site.Log.String(), login["code"])
	require.NotContains(t, site.Log.String(), phone)
}

func TestWrongCodes(t *testing.T) {
	c := start(t)
	phone := newPhone()
	right := c.code(phone)
	wrong := "000000"
	if right == wrong {
		wrong = "000001"
	}
	for _, bad := range []any{"", "12345", "1234567", "12345a", 123456, nil} {
		c.post("/users/login_sms", fields{"phone": phone, "code": bad}).want(t, 422) // costs no try
	}
	for left := 2; left >= 0; left-- {
		a := c.post("/users/login_sms", fields{"phone": phone, "code": wrong}).want(t, 401)
		require.Equal(t, []string{"code wrong_code"}, a.faults())
		require.Equal(t, struct{ Left int }{left}, decode[struct{ Left int }](t, a))
	}
	a := c.post("/users/login_sms", fields{"phone": phone, "code": right}).want(t, 401)
	require.Equal(t, []string{"code code_spent"}, a.faults())
	a = c.post("/users/login_sms", fields{"phone": newPhone(), "code": right}).want(t, 401)
	require.Equal(t, []string{"code code_gone"}, a.faults())
}

func TestOneOfFiftyLoginsWithTheRightCodeSucceeds(t *testing.T) {
	site := apptest.Start(t, nil)
	c := newClient(t, site.URL())
	phone := newPhone()
	login := fields{"phone": phone, "code": c.code(phone)}
	statuses := make(chan int, 50)
	var all sync.WaitGroup
	for i := range cap(statuses) {
		all.Go(func() {
			statuses <- c.at(site.Nodes[i%2].URL).post("/users/login_sms", login).Status
		})
	}
	all.Wait()
	close(statuses)
	count := map[int]int{}
	for status := range statuses {
		count[status]++
	}
	require.Equal(t, map[int]int{200: 1, 401: 49}, count)
}
