package commands

import (
	"context"
	"testing"

	"github.com/stackhand/stackhand"
)

// scopes notes where sessions are opened.
type scopes struct {
	Clouds
	at []stackhand.Scope
}

func (s *scopes) Open(ctx context.Context, u stackhand.User, cloud string, at stackhand.Scope) (Cloud, error) {
	s.at = append(s.at, at)
	return s.Clouds.Open(ctx, u, cloud, at)
}

// What is in a region to which somebody's login does not lead they are told of in words of their own, whether they are offered it or
// have found it.
func TestAdoptInAnotherRegion(t *testing.T) {
	w, env := strayOf("U0BOB")
	w.login["U0BOB"] = "bob"
	lab := env.Settings.Clouds["lab"]
	lab.Region = "RegionOne"
	env.Settings.Clouds["lab"] = lab
	w.cloud.who.Region, w.cloud.regions = "South", []string{"RegionOne", "South"}
	st := w.give("U0ALICE", "web-1")
	st.Region = "South"
	w.stacks[st.ID] = st
	w.talk(t, env, []hears{{dana, "adopt stray", "was asked"}, {alice, "transfer web-1 bob", "was asked"}})
	adoption, transfer := w.notices[w.told[0]], w.notices["offer/"+w.stacks[st.ID].Transfer.ID]
	expect(t, adoption.Text.String(), `the server stray \(team-a of lab, region South, `)
	expect(t, transfer.Text.String(), `the server web-1 \(team-a of lab, region South, `)
	w.cloud.regions = []string{"North", "RegionOne"}
	for _, offer := range []stackhand.Notice{adoption, transfer} {
		decide(t, env, bob, clicked("accept", offer.Actions[0].Value),
			`(?s)is in the region South of lab, and your login to the project team-a leads to North, RegionOne alone.*open South to that project`)
	}
	if len(w.jobs) != 1 || w.stacks[st.ID].Lease.Owner != alice.ID {
		t.Errorf("%d jobs, web-1 is of %s", len(w.jobs), w.stacks[st.ID].Lease.Owner)
	}
	w.cloud.regions = append(w.cloud.regions, "South")
	w.talk(t, env, []hears{{bob, clicked("accept", adoption.Actions[0].Value), "Adopt stray: job"}, {bob, clicked("accept", transfer.Actions[0].Value), "web-1 is yours now"}})
}

// A finding in another region is looked at there, also by an administrator who has no login to its project.
func TestFindingInAnotherRegion(t *testing.T) {
	w, env, o := orphanWorld()
	w.cloud.who.Roles, w.cloud.who.Region, w.cloud.regions = []string{"admin"}, "South", []string{"RegionOne", "South"}
	w.cloud.servers = append(w.cloud.servers, stackhand.Server{ID: "id-aaaaaaaa", Name: "old-1", Status: "ACTIVE", UserID: "u-x", ProjectID: "p-team-b"})
	found := &o.at["lab everywhere"][0]
	found.Scope, found.Owner = stackhand.Scope{ProjectID: "p-team-b", Region: "South"}, dana.ID
	w.apart = map[string]fakeCloud{"p-team-b": {}}
	s := &scopes{Clouds: env.Clouds}
	env.Clouds = s
	decide(t, env, dana, "orphans adopt aaaaaaaa", "(?s)old-1 is in the project p-team-b, which is another one than your team-a.*offer it to whose it is: `orphans adopt aaaaaaaa .*--owner @NAME`")
	if last := s.at[len(s.at)-1]; last.Region != "South" {
		t.Errorf("it was looked for at %+v", last)
	}
	w.cloud.regions = []string{"RegionOne"}
	decide(t, env, dana, "orphans adopt aaaaaaaa", "The server old-1 is in the region South of lab, and your login to the project team-a leads to RegionOne alone")
}
