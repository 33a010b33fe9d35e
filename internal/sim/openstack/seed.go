package openstack

import (
	"net/netip"
	"slices"
	"strings"
	"time"
)

// User is somebody who can log in to the cloud.
type User struct {
	Name     string
	Password string
	Projects []string // names
	Admin    bool
}

// Users lists who can log in, for showing to people.
func (c *Cloud) Users() []User {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []User
	for _, u := range c.identity.users {
		shown := User{Name: u.name, Password: u.password}
		for _, p := range c.identity.projects {
			if roles := u.roles[p.id]; len(roles) > 0 {
				shown.Projects = append(shown.Projects, p.name)
				shown.Admin = shown.Admin || slices.Contains(roles, "admin")
			}
		}
		out = append(out, shown)
	}
	return out
}

// seed fills the cloud with the world that conversations are written for.
func (c *Cloud) seed() {
	now := c.opt.Now().UTC()
	c.identity = newIdentity()
	admin := c.addProject("admin", "Bootstrap project for initializing the cloud.")
	teamA := c.addProject("team-a", "")
	teamB := c.addProject("team-b", "")
	c.addUser("admin", admin, map[string]string{admin.id: "admin"})
	c.addUser("alice", teamA, map[string]string{teamA.id: "member"})
	c.addUser("bob", teamB, map[string]string{teamB.id: "member"})
	c.addUser("carol", teamA, map[string]string{teamA.id: "member", teamB.id: "member"})

	c.compute = newCompute()
	for _, f := range []flavor{
		{"1", "m1.tiny", 1, 512, 1}, {"2", "m1.small", 1, 2048, 20}, {"3", "m1.medium", 2, 4096, 40},
		{"4", "m1.large", 4, 8192, 80}, {"5", "m1.xlarge", 8, 16384, 160},
		{"11", "General S", 1, 2048, 20}, {"12", "General M", 2, 4096, 40}, {"13", "General L", 4, 8192, 80},
		{"14", "General XL", 8, 16384, 160}, {"15", "General XXL", 16, 32768, 320},
	} {
		c.compute.flavors = append(c.compute.flavors, &f)
	}

	for _, i := range []struct {
		name, distro, version string
		minDisk               int
	}{
		{"Ubuntu 22.04", "ubuntu", "22.04", 5}, {"Ubuntu Trusty", "ubuntu", "14.04", 5},
		{"CentOS 7", "centos", "7", 8}, {"Debian 12", "debian", "12", 5}, {"CirrOS 0.6", "cirros", "0.6", 0},
	} {
		c.addImage(&image{
			id: seedID("image", i.name), name: i.name, owner: admin.id, visibility: "public", status: "active",
			diskFormat: "qcow2", containerFormat: "bare", size: 196624, virtualSize: 1 << 30, minDisk: i.minDisk,
			checksum: "59868f85d88d34ee79e32759dad70bf7", hash: strings.Repeat("99f15c430fcde320", 8), created: now, updated: now,
			props: map[string]string{"os_distro": i.distro, "os_version": i.version, "owner_specified.openstack.md5": "",
				"owner_specified.openstack.sha256": "", "owner_specified.openstack.object": "images/" + i.name},
		})
	}
	c.seedNetwork(admin.id, now)
}

// seedNetwork makes the external network, the way that out of every project.
func (c *Cloud) seedNetwork(owner string, now time.Time) {
	c.network = newNetwork()
	n := &netw{meta: c.newMeta("public", owner, now), external: true, mtu: 1500}
	n.id, n.rev = seedID("network", n.name), 2
	c.network.networks.add(n)
	cidr := netip.MustParsePrefix("203.0.113.0/24")
	s := &subnet{
		meta: c.newMeta("public-subnet", owner, now), net: n, cidr: cidr,
		gateway: netip.MustParseAddr("203.0.113.1"), used: map[netip.Addr]bool{},
	}
	s.id, s.rev = seedID("subnet", s.name), 0
	s.pools = defaultPools(cidr, s.gateway)
	n.subnets = append(n.subnets, s)
	c.network.subnets.add(s)
}
