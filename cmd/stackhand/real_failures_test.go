package main

import (
	"context"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack/compute/v2/quotasets"
	"github.com/gophercloud/gophercloud/v2/openstack/compute/v2/services"
	"github.com/gophercloud/gophercloud/v2/openstack/identity/v3/applicationcredentials"
	"github.com/gophercloud/gophercloud/v2/openstack/image/v2/imagedata"
	"github.com/gophercloud/gophercloud/v2/openstack/image/v2/images"
)

const small = ` --flavor m1.tiny --image "CirrOS 0.6" --for 2h`

// TestRealFailures lets real services fail in the middle of a job. What people read is plain, they are offered what helps, and it
// does help; in the end nothing is left.
func TestRealFailures(t *testing.T) {
	for _, c := range []struct {
		name string
		test func(*steered)
	}{
		{"a_build_fails", buildFails},
		{"no_host", noHost},
		{"hypervisor_away", hypervisorAway},
		{"image_gone", imageGone},
		{"quota_reached", quotaReached},
		{"slow_build", slowBuild},
		{"identity_away", identityAway},
		{"network_away", networkAway},
		{"login_revoked", loginRevoked},
		{"snapshot_fails", snapshotFails},
		{"deletion_fails", deletionFails},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(newSteered(t)) })
	}
}

func buildFails(s *steered) {
	off := s.knobs(`[{"op": "spawn", "match": "^real-doomed$", "fail": "disk on fire"}]`)
	s.talk(`alice #team-a: /stack create real-doomed` + small + `
wait 5m
expect (?i)disk on fire
expect \[Retry\]
`)
	off()
	s.talk(`alice click retry
wait 5m
expect real-doomed ACTIVE 203\.0\.113\.
alice #team-a: /stack delete real-doomed
wait 5m
cloud servers 0
`)
}

// computes lets all hypervisors take new servers, or none.
func (s *steered) computes(admin *gophercloud.ServiceClient, status services.ServiceStatus) {
	s.t.Helper()
	ctx := context.Background() // also at the test's end
	pages, err := services.List(admin, services.ListOpts{Binary: "nova-compute"}).AllPages(ctx)
	s.must(err)
	all, err := services.ExtractServices(pages)
	s.must(err)
	for _, v := range all {
		if _, err := services.Update(ctx, admin, v.ID, services.UpdateOpts{Status: status}).Extract(); err != nil {
			s.t.Errorf("%s of %s: %v", status, v.Host, err)
		}
	}
}

// The only hypervisor takes no servers, and then those that there are have no room.
func noHost(s *steered) {
	admin := s.as(os.Getenv("OS_CLOUD_ADMIN"), "compute")
	admin.Microversion = "2.53"
	s.t.Cleanup(func() { s.computes(admin, services.ServiceEnabled) })
	s.computes(admin, services.ServiceDisabled)
	s.talk(`alice #team-a: /stack create real-homeless` + small + `
wait 5m
expect No host of the cloud takes new servers
expect everything it made is removed
`)
	s.computes(admin, services.ServiceEnabled)
	off := s.knobs(`[{"op": "spawn", "match": "^real-homeless$", "fail": "full", "how": "reschedule"}]`)
	s.talk(`alice click retry
wait 5m
expect (?i)no host|every host
expect everything it made is removed
cloud servers 0
cloud networks 0
`)
	off()
	s.talk(`alice click retry
wait 5m
expect real-homeless ACTIVE 203\.0\.113\.
alice #team-a: /stack delete real-homeless
wait 5m
cloud servers 0
`)
}

// The hypervisor is away when it is to build, and comes back. As far as it had begun, Nova gives the server up then; else it
// builds it late. Both are told, and nothing is left of either.
func hypervisorAway(s *steered) {
	up := s.down("nova-compute-compute1")
	s.begin(`alice #team-a: /stack create real-late` + small + `
expect Build · running
alice #team-a: /stack show real-late
expect BUILD
`)
	up()
	s.talk(`wait 5m
expect real-late ACTIVE 203\.0\.113\.|could not build real-late(.|\n)*everything it made is removed|everything it made is removed(.|\n)*could not build real-late
alice #team-a: /stack delete real-late
wait 5m
cloud servers 0
cloud networks 0
`)
}

// An image is deleted after the line was checked and before the server is made of it.
func imageGone(s *steered) {
	glance := s.as(os.Getenv("OS_CLOUD"), "image")
	img, err := images.Create(s.t.Context(), glance, images.CreateOpts{Name: "real-gone", DiskFormat: "raw", ContainerFormat: "bare"}).Extract()
	s.must(err)
	drop := sync.OnceFunc(func() {
		if err := images.Delete(context.Background(), glance, img.ID).ExtractErr(); err != nil {
			s.t.Errorf("the image cannot be deleted: %v", err)
		}
	})
	s.t.Cleanup(drop)
	s.must(imagedata.Upload(s.t.Context(), glance, img.ID, strings.NewReader("a disk")).ExtractErr())
	s.before("POST", "/servers", drop)
	s.talk(`alice #team-a: /stack create real-bare --flavor m1.tiny --image real-gone --for 2h
wait 5m
expect (?i)image
alice click cleanup
wait 5m
cloud servers 0
cloud networks 0
`)
}

// Somebody else takes the project's last room while the server is being made ready.
func quotaReached(s *steered) {
	admin := s.as(os.Getenv("OS_CLOUD_ADMIN"), "compute")
	project := realProjects(s.t)[0].Identity().ProjectID
	set := func(n int) {
		if _, err := quotasets.Update(context.Background(), admin, project, quotasets.UpdateOpts{Instances: &n}).Extract(); err != nil {
			s.t.Errorf("quota: %v", err)
		}
	}
	old, err := quotasets.Get(s.t.Context(), admin, project).Extract()
	s.must(err)
	s.t.Cleanup(func() { set(old.Instances) })
	s.before("POST", "/servers", func() { set(0) })
	s.talk(`alice #team-a: /stack create real-full` + small + `
wait 5m
expect (?i)(quota|no room)
expect \[Retry\]
`)
	set(old.Instances)
	s.talk(`alice click retry
wait 5m
expect real-full ACTIVE 203\.0\.113\.
alice #team-a: /stack delete real-full
wait 5m
cloud servers 0
`)
	s.before("POST", "/servers", nil)
	set(0)
	s.talk(`alice #team-a: /stack create real-full` + small + `
expect (?i)no room
cloud networks 0
`)
}

// A build takes long, and the bot is killed in the middle of it.
func slowBuild(s *steered) {
	s.knobs(`[{"op": "spawn", "match": "^real-slow$", "delay": 8}]`)
	s.begin(`alice #team-a: /stack create real-slow` + small + `
expect Build · running, [1-9]
restart
`)
	s.talk(`wait 5m
expect real-slow ACTIVE 203\.0\.113\.
cloud servers 1
cloud floating-ips 1
alice #team-a: /stack delete real-slow
wait 5m
cloud servers 0
`)
}

// Keystone is restarted in the middle of a build.
func identityAway(s *steered) {
	up := func() {}
	s.before("POST", "/servers", func() { up = s.down("keystone") })
	s.begin(`alice #team-a: /stack create real-anon` + small + `
alice #team-a: /stack whoami
`)
	s.begin("wait 10s\n")
	up()
	s.talk(`wait 5m
alice #team-a: /stack show real-anon
expect real-anon ACTIVE 203\.0\.113\.
cloud servers 1
alice #team-a: /stack delete real-anon
wait 5m
cloud servers 0
`)
}

// Neutron is restarted in the middle of a build. What it had made by half is made anew.
func networkAway(s *steered) {
	up, away := func() {}, make(chan struct{})
	s.before("POST", "/floatingips", func() {
		defer close(away)
		up = s.down("neutron-server")
	})
	s.begin("alice #team-a: /stack create real-alone" + small + "\n")
	<-away
	up() // at once: it takes half a minute to begin, and no step waits much longer
	s.talk(`wait 5m
expect real-alone ACTIVE 203\.0\.113\.
cloud servers 1
cloud networks 1
cloud floating-ips 1
alice #team-a: /stack delete real-alone
wait 5m
cloud servers 0
cloud networks 0
`)
}

// What was made at bob's login is revoked while a server is being made for him.
func loginRevoked(s *steered) {
	s.talk(`bob #team-b: /stack login
bob submit username=bob password=bob-secret
expect logged in
`)
	identity := s.as(os.Getenv("OS_CLOUD_OTHER"), "identity")
	user := realProjects(s.t)[1].Identity().UserID
	s.before("POST", "/servers", func() {
		pages, err := applicationcredentials.List(identity, user, nil).AllPages(context.Background())
		if err != nil {
			s.t.Error(err)
			return
		}
		all, err := applicationcredentials.ExtractApplicationCredentials(pages)
		if err != nil {
			s.t.Error(err)
		}
		for _, cred := range all {
			if !strings.HasPrefix(cred.Name, "stackhand-U0BOB-") {
				continue
			}
			if err := applicationcredentials.Delete(context.Background(), identity, user, cred.ID).ExtractErr(); err != nil {
				s.t.Error(err)
			}
		}
	})
	s.begin(`bob #team-b: /stack create real-bobs` + small + `
expect Server real-bobs · running
restart
`)
	s.talk(`wait 5m
expect (?i)log ?in
expect \[Retry\]
bob #team-b: /stack list
expect (?i)log in
bob #team-b: /stack login
bob submit username=bob password=bob-secret
expect logged in
bob click retry
expect may have left things in the cloud
bob click cleanup
wait 5m
cloud servers 0
cloud networks 0
cloud floating-ips 0
bob click retry
wait 5m
expect real-bobs ACTIVE 203\.0\.113\.
cloud servers 1
bob #team-b: /stack delete real-bobs
wait 5m
cloud servers 0
`)
}

func snapshotFails(s *steered) {
	s.talk(`alice #team-a: /stack create real-shy` + small + `
wait 5m
expect real-shy ACTIVE
`)
	off := s.knobs(`[{"op": "snapshot", "match": "^real-shy$", "fail": "lens cap on"}]`)
	s.talk(`alice #team-a: /stack image create real-shy --name real-picture
wait 5m
expect (?i)failed
expect \[Retry\]
alice #team-a: /stack image list
reject real-picture
`)
	off()
	s.talk(`alice click retry
wait 5m
expect done
alice #team-a: /stack image list
expect real-picture
alice #team-a: /stack image delete real-picture
wait 5m
alice #team-a: /stack delete real-shy
wait 5m
cloud servers 0
`)
}

func deletionFails(s *steered) {
	s.talk(`alice #team-a: /stack create real-sticky` + small + `
wait 5m
expect real-sticky ACTIVE
`)
	off := s.knobs(`[{"op": "destroy", "match": "^real-sticky$", "fail": "will not die"}]`)
	s.talk(`alice #team-a: /stack delete real-sticky
wait 5m
expect (?i)will not die
expect \[Retry\]
cloud servers 1
`)
	off()
	s.talk(`alice click retry
wait 5m
expect real-sticky is deleted
cloud servers 0
cloud networks 0
cloud floating-ips 0
`)
}
