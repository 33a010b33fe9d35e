package session

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/cloud"
	"github.com/stackhand/stackhand/internal/sim/openstack"
	"github.com/stackhand/stackhand/store"
)

// token logs in beside the manager and gives the token.
func (l *lab) token(t *testing.T, login stackhand.Login) string {
	t.Helper()
	var token string
	rt := roundTrip(func(r *http.Request) (*http.Response, error) {
		res, err := http.DefaultTransport.RoundTrip(r)
		if err == nil && res.Header.Get("X-Subject-Token") != "" {
			token = res.Header.Get("X-Subject-Token")
		}
		return res, err
	})
	pool := cloud.NewPool(map[string]cloud.Entry{"lab": {Name: "lab", AuthURL: l.url + "/identity/v3", Interface: "public"}}, cloud.Options{Transport: rt})
	_, err := pool.Client(t.Context(), "lab", login)
	if err != nil || token == "" {
		t.Fatalf("no token: %v", err)
	}
	return token
}

// unscoped is a token without a project, which Keystone gives only to those who ask for it in so many words.
func (l *lab) unscoped(t *testing.T, name string) string {
	t.Helper()
	body := fmt.Sprintf(`{"auth": {"identity": {"methods": ["password"], "password": {"user": {"name": %q, "password": %q, "domain": {"id": "default"}}}}, "scope": "unscoped"}}`,
		name, name+"-secret")
	res, err := http.Post(l.url+"/identity/v3/auth/tokens", "application/json", strings.NewReader(body)) //nolint:noctx // a test's own server
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusCreated {
		t.Fatal(res.Status)
	}
	return res.Header.Get("X-Subject-Token")
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestTokenLogin(t *testing.T) {
	l := newLab(t)
	// A token of a project is exchanged like a password.
	cred := l.enters(t, "U1", "lab", stackhand.Login{AuthType: "v3token", Token: l.token(t, as("alice", "team-a"))})
	if cred.Identity.Project != "team-a" || cred.AppCredID == "" || cred.Kind != "v3applicationcredential" {
		t.Errorf("a token of a project: %+v", cred)
	}
	// One without a project has to choose.
	unscoped := stackhand.Login{Token: l.unscoped(t, "carol")}
	if _, projects, err := l.Login(t.Context(), user("U3"), "lab", unscoped); err != nil || len(projects) != 2 {
		t.Errorf("a token without a project: %v, %v", projects, err)
	}
	if cred, err := l.LoginProject(t.Context(), user("U3"), "lab", "team-b"); err != nil || cred.Identity.Project != "team-b" {
		t.Errorf("its project: %+v, %v", cred, err)
	}
	if _, _, err := l.Login(t.Context(), user("U5"), "lab", stackhand.Login{Token: "nonsense"}); stackhand.KindOf(err) != stackhand.Unauthorized {
		t.Errorf("nonsense: %v", err)
	}
}

// A token that was got with an application credential may make no other: it is kept until it ends.
func TestTokenThatMayNotBeExchanged(t *testing.T) {
	l := newLab(t)
	cred := l.enters(t, "U1", "lab", as("alice", "team-a"))
	login, err := l.unseal(cred.Sealed, "U1", "lab")
	if err != nil {
		t.Fatal(err)
	}
	got := l.enters(t, "U7", "lab", stackhand.Login{Token: l.token(t, login)})
	if got.Kind != "token" || got.AppCredID != "" || !got.Ends.Equal(got.Identity.Expires) || got.Ends.IsZero() {
		t.Errorf("kept %+v", got)
	}
	if where := l.where(t, "U7", "lab", stackhand.Scope{}); where != "team-a" {
		t.Errorf("works in %s", where)
	}
	tries, err := l.store.LoginTries(t.Context(), "U7", "lab")
	if err != nil || len(tries) != 0 {
		t.Errorf("tries %v, %v", tries, err)
	}
}

// dying is a vault of a process that ends where a credential should be stored.
type dying struct{ Vault }

var errDied = errors.New("the process died")

func (dying) SaveCredential(context.Context, *stackhand.Credential) error { return errDied }

// appCreds are the names of the login's user's application credentials in the cloud.
func (l *lab) appCreds(t *testing.T, login stackhand.Login) (names []string) {
	t.Helper()
	c, err := l.pool.Client(t.Context(), "lab", login)
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, l.url+"/identity/v3/users/"+c.Identity().UserID+"/application_credentials", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Auth-Token", l.token(t, login))
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var doc struct {
		List []struct {
			Name string `json:"name"`
		} `json:"application_credentials"`
	}
	if err := json.NewDecoder(res.Body).Decode(&doc); err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("the list of application credentials: %s, %v", res.Status, err)
	}
	for _, c := range doc.List {
		names = append(names, c.Name)
	}
	return names
}

// What a process made and could not store is deleted at the next login, of the same user of the cloud.
func TestLeftoversGo(t *testing.T) {
	l := newLab(t)
	carol := as("carol", "team-a")
	l.dies(t, "U3", carol)
	if left := l.appCreds(t, carol); len(left) != 1 {
		t.Fatalf("the crash left %v", left)
	}
	// Somebody else's login to the cloud, from the same person in the chat, has no right to it.
	l.Manager = l.restarted()
	l.enters(t, "U3", "lab", as("bob", "team-b"))
	if left := l.appCreds(t, carol); len(left) != 1 {
		t.Errorf("after the login of bob %v is left", left)
	}
	cred := l.enters(t, "U3", "lab", carol)
	if left := l.appCreds(t, carol); len(left) != 1 || cred.AppCredID == "" {
		t.Errorf("after the login of carol %v is left", left)
	}
	if got := l.where(t, "U3", "lab", stackhand.Scope{}); got != "team-a" {
		t.Errorf("works in %s", got)
	}
	if tries, err := l.store.LoginTries(t.Context(), "U3", "lab"); err != nil || len(tries) != 0 {
		t.Errorf("tries %v, %v", tries, err)
	}
}

// dies has the process end between making the application credential and storing it.
func (l *lab) dies(t *testing.T, id string, login stackhand.Login) {
	t.Helper()
	l.vault = dying{l.vault}
	// Nothing gets out of a dead process: the way back is closed, too.
	l.fault(t, "DELETE /application_credentials 503")
	if _, _, err := l.Login(t.Context(), user(id), "lab", login); !errors.Is(err, errDied) {
		t.Fatalf("Login: %v", err)
	}
}

// With others at the same store a login that another process began may still be on its way.
func TestLeftoversOfOthersWait(t *testing.T) {
	l := newLab(t)
	carol := as("carol", "team-a")
	l.dies(t, "U3", carol)
	l.Manager = l.restarted()
	l.o.Alone = false
	l.enters(t, "U3", "lab", carol)
	if left := l.appCreds(t, carol); len(left) != 2 {
		t.Errorf("at once %v is left", left)
	}
	l.now = l.now.Add(othersPatience + time.Minute)
	l.enters(t, "U3", "lab", carol)
	if left := l.appCreds(t, carol); len(left) != 1 {
		t.Errorf("later %v is left", left)
	}
}

// A try that nobody could end is forgotten once what it made has ended by itself.
func TestOldTriesAreForgotten(t *testing.T) {
	l := newLab(t)
	old := stackhand.LoginTry{User: "U2", Cloud: "lab", Name: "stackhand-old", Owner: "somebody", By: "x", At: l.now.Add(-l.o.Life - time.Hour)}
	if err := l.store.AddLoginTry(t.Context(), old); err != nil {
		t.Fatal(err)
	}
	l.enters(t, "U2", "lab", as("bob", "team-b"))
	if tries, err := l.store.LoginTries(t.Context(), "U2", "lab"); err != nil || len(tries) != 0 {
		t.Errorf("tries %v, %v", tries, err)
	}
}

// What cannot be stored is taken back in the cloud.
func TestLoginOnAFullDisk(t *testing.T) {
	full := errors.New("the disk is full")
	for _, prefix := range []string{"login-try/", "credential/", "choice/"} {
		l := newLab(t)
		l.disk.FailCommits(func(ops []store.Op) error {
			if strings.HasPrefix(ops[0].Key, prefix) && !ops[0].Delete {
				return full
			}
			return nil
		})
		if _, _, err := l.Login(t.Context(), user("U1"), "lab", as("alice", "team-a")); !errors.Is(err, full) {
			t.Errorf("%s: %v", prefix, err)
		}
		if left := l.appCreds(t, as("alice", "team-a")); (len(left) > 0) != (prefix == "choice/") {
			t.Errorf("%s: %v is left in the cloud", prefix, left)
		}
	}
}

// A region that was chosen is where one works; jobs name theirs.
func TestRegions(t *testing.T) {
	l := labOf(t, openstack.Options{})
	l.fault(t, "catalogue regions RegionOne RegionTwo")
	a := l.enters(t, "U1", "lab", as("alice", "team-a")).Identity.ProjectID
	who, err := l.Choose(t.Context(), user("U1"), "lab", stackhand.Scope{Region: "RegionTwo"})
	if err != nil || who.Region != "RegionTwo" || who.Project != "team-a" {
		t.Fatalf("%+v, %v", who, err)
	}
	if who, err = l.Choose(t.Context(), user("U1"), "lab", stackhand.Scope{ProjectID: a}); err != nil || who.Region != "RegionTwo" {
		t.Errorf("the region went with the choice of a project: %+v, %v", who, err)
	}
	if _, err = l.Choose(t.Context(), user("U1"), "shared", stackhand.Scope{Region: "RegionTwo"}); err != nil {
		t.Fatal(err)
	}
	for at, want := range map[stackhand.Scope]string{{}: "RegionTwo", {ProjectID: a}: "RegionOne", {ProjectID: a, Region: "RegionTwo"}: "RegionTwo", {Region: "RegionOne"}: "RegionOne"} {
		for _, name := range []string{"lab", "shared"} {
			if name == "shared" && at.ProjectID != "" {
				continue
			}
			c, err := l.Open(t.Context(), user("U1"), name, at)
			if err != nil || c.Identity().Region != want {
				t.Errorf("%s %+v: %v; want %s", name, at, err, want)
			}
		}
	}
	// The region is taken away: the project can still be worked in, and another region chosen.
	l.fault(t, "catalogue regions RegionOne")
	l.Manager = l.restarted()
	if _, err := l.Choose(t.Context(), user("U1"), "lab", stackhand.Scope{Region: "RegionOne"}); err != nil {
		t.Errorf("back to the other region: %v", err)
	}
	if c, err := l.Open(t.Context(), user("U1"), "lab", stackhand.Scope{}); err != nil || c.Identity().Region != "RegionOne" {
		t.Errorf("%v", err)
	}
}
