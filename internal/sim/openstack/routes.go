package openstack

import (
	"net/http"
	"strings"
)

// routes says which handler serves which call. The names of the ids in the paths matter: the
// fault menu reads them (see Rule).
func (c *Cloud) routes() *http.ServeMux {
	m := http.NewServeMux()
	c.routeKeystone(m)
	c.routeKeystoneV2(m)
	c.routeNova(m)
	c.routeNovaServers(m)
	c.routeNovaProxies(m)
	c.routeNeutron(m)
	c.routeGlance(m)
	c.routeCinder(m)
	c.routeGnocchi(m)
	m.HandleFunc("/", c.open(func(q *call) (answer, error) {
		return answer{}, noSuchPath(q)
	}))
	return m
}

// noSuchPath is the refusal of a path that the service does not have.
func noSuchPath(q *call) error {
	if serviceOf(q.URL.Path).name == "identity" {
		return refusal(404, "The requested URL was not found on the server. If you entered the URL manually please check your spelling and try again.")
	}
	e := refusal(404, "The resource could not be found.")
	e.route = true
	return e
}

func (c *Cloud) routeKeystone(m *http.ServeMux) {
	m.HandleFunc("GET /identity", c.open(c.identityVersions))
	m.HandleFunc("GET /identity/{$}", c.open(c.identityVersions))
	v3 := func(method, path string, h http.HandlerFunc) { m.HandleFunc(method+" /identity/v3"+path, h) }
	v3("GET", "", c.open(identityVersion3))
	v3("GET", "/{$}", c.open(identityVersion3))
	v3("POST", "/auth/tokens", c.open(c.createToken))
	v3("GET", "/auth/tokens", c.guarded(c.showToken)) // HEAD as well
	v3("DELETE", "/auth/tokens", c.guarded(c.revokeToken))
	v3("GET", "/auth/projects", c.guarded(c.authProjects))
	v3("GET", "/auth/catalog", c.guarded(c.authCatalog))
	v3("GET", "/auth/domains", c.guarded(c.authDomains))
	v3("GET", "/projects", c.guarded(c.listProjects))
	v3("GET", "/projects/{id}", c.guarded(c.showProject))
	v3("GET", "/users", c.guarded(c.listUsers))
	v3("GET", "/users/{user}", c.guarded(c.showUser))
	v3("GET", "/users/{user}/projects", c.guarded(c.userProjects))
	v3("GET", "/users/{user}/groups", c.guarded(c.userGroups))
	v3("GET", "/users/{user}/application_credentials", c.guarded(c.listCreds))
	v3("POST", "/users/{user}/application_credentials", c.guarded(c.createCred))
	v3("GET", "/users/{user}/application_credentials/{id}", c.guarded(c.showCred))
	v3("DELETE", "/users/{user}/application_credentials/{id}", c.guarded(c.deleteCred))
	v3("GET", "/groups", c.guarded(c.listGroups))
	v3("POST", "/groups", c.guarded(c.createGroup))
	v3("GET", "/groups/{group}", c.guarded(c.showGroup))
	v3("DELETE", "/groups/{group}", c.guarded(c.deleteGroup))
	v3("GET", "/groups/{group}/users", c.guarded(c.groupUsers))
	for _, method := range []string{"GET", "PUT", "DELETE"} { // GET is HEAD as well
		v3(method, "/groups/{group}/users/{user}", c.guarded(c.groupMember))
	}
	v3("GET", "/roles", c.guarded(c.listRoles))
	v3("GET", "/role_assignments", c.guarded(c.assignments))
	v3("GET", "/domains", c.guarded(c.listDomains))
	v3("GET", "/domains/{id}", c.guarded(c.showDomain))
	v3("GET", "/regions", c.guarded(c.listRegions))
	v3("GET", "/services", c.guarded(c.listServices))
	v3("GET", "/endpoints", c.guarded(c.listEndpoints))
}

func (c *Cloud) routeKeystoneV2(m *http.ServeMux) {
	v2 := func(method, path string, h http.HandlerFunc) { m.HandleFunc(method+" /identity/v2.0"+path, h) }
	v2("GET", "", c.open(identityVersion2))
	v2("GET", "/{$}", c.open(identityVersion2))
	v2("POST", "/tokens", c.open(c.createTokenV2))
	v2("GET", "/tokens/{id}", c.guarded(c.showTokenV2))
	v2("DELETE", "/tokens/{id}", c.guarded(c.revokeTokenV2))
	v2("GET", "/tenants", c.guarded(c.tenantsV2))
}

func (c *Cloud) routeNova(m *http.ServeMux) {
	m.HandleFunc("GET /compute", c.open(c.computeVersions))
	m.HandleFunc("GET /compute/{$}", c.open(c.computeVersions))
	on := func(method, path string, h handler) { m.HandleFunc(method+" /compute/v2.1"+path, c.guarded(h)) }
	m.HandleFunc("GET /compute/v2.1", c.open(c.computeVersion))
	m.HandleFunc("GET /compute/v2.1/{$}", c.open(c.computeVersion))
	on("GET", "/extensions", novaExtensions)
	on("GET", "/flavors", c.listFlavors(false))
	on("GET", "/flavors/detail", c.listFlavors(true))
	on("GET", "/flavors/{id}", c.showFlavor)
	on("GET", "/flavors/{id}/os-extra_specs", c.flavorSpecs)
	on("GET", "/limits", c.showLimits)
	on("GET", "/os-availability-zone", listZones)
	on("GET", "/os-availability-zone/detail", detailZones)
	on("GET", "/os-simple-tenant-usage", c.tenantUsages)
	on("GET", "/os-simple-tenant-usage/{id}", c.tenantUsage)
	on("GET", "/os-hypervisors", c.listHypervisors(false))
	on("GET", "/os-hypervisors/detail", c.listHypervisors(true))
	on("GET", "/os-hypervisors/{id}", c.showHypervisor)
	on("GET", "/os-services", c.listComputeServices)
	on("GET", "/os-quota-sets/{id}", c.showComputeQuota)
	on("GET", "/os-quota-sets/{id}/defaults", c.defaultComputeQuota)
	on("GET", "/os-quota-sets/{id}/detail", c.detailComputeQuota)
	on("PUT", "/os-quota-sets/{id}", c.setComputeQuota)
	on("DELETE", "/os-quota-sets/{id}", c.dropComputeQuota)
	on("GET", "/os-keypairs", c.listKeys)
	on("POST", "/os-keypairs", c.createKey)
	on("GET", "/os-keypairs/{id}", c.showKey)
	on("DELETE", "/os-keypairs/{id}", c.deleteKey)
}

func (c *Cloud) routeNovaServers(m *http.ServeMux) {
	on := func(method, path string, h handler) { m.HandleFunc(method+" /compute/v2.1/servers"+path, c.guarded(h)) }
	on("GET", "", c.listServers(false))
	on("GET", "/detail", c.listServers(true))
	on("POST", "", c.createServer)
	on("GET", "/{id}", c.showServer)
	on("PUT", "/{id}", c.updateServer)
	on("DELETE", "/{id}", c.deleteServer)
	on("POST", "/{id}/action", c.actOnServer)
	on("POST", "/{id}/remote-consoles", c.remoteConsole)
	on("GET", "/{id}/os-instance-actions", c.serverActions)
	on("GET", "/{id}/os-instance-actions/{request}", c.serverAction)
	on("GET", "/{id}/metadata", c.showMetadata)
	on("PUT", "/{id}/metadata", c.setMetadata)
	on("POST", "/{id}/metadata", c.setMetadata)
	on("GET", "/{id}/metadata/{key}", c.showMeta)
	on("PUT", "/{id}/metadata/{key}", c.setMeta)
	on("DELETE", "/{id}/metadata/{key}", c.deleteMeta)
	on("GET", "/{id}/ips", c.serverIPs)
	on("GET", "/{id}/ips/{network}", c.serverIPsOf)
	on("GET", "/{id}/os-interface", c.listInterfaces)
	on("POST", "/{id}/os-interface", c.attachInterface)
	on("GET", "/{id}/os-interface/{port}", c.showInterface)
	on("DELETE", "/{id}/os-interface/{port}", c.detachInterface)
	on("GET", "/{id}/os-security-groups", c.serverGroups)
	on("GET", "/{id}/os-volume_attachments", c.serverVolumes)
	on("POST", "/{id}/os-volume_attachments", c.attachVolume)
	on("GET", "/{id}/os-volume_attachments/{volume}", c.showServerVolume)
	on("PUT", "/{id}/os-volume_attachments/{volume}", c.updateServerVolume)
	on("DELETE", "/{id}/os-volume_attachments/{volume}", c.detachVolume)
	on("GET", "/{id}/tags", c.serverTags)
	on("GET", "/{id}/diagnostics", c.serverDiagnostics)
}

func (c *Cloud) routeNeutron(m *http.ServeMux) {
	m.HandleFunc("GET /network", c.open(networkVersions))
	m.HandleFunc("GET /network/{$}", c.open(networkVersions))
	on := func(method, path string, h handler) {
		m.HandleFunc(method+" /network/v2.0"+path, c.guarded(h))
		m.HandleFunc(method+" /network/v2.0"+path+".json", c.guarded(h))
	}
	m.HandleFunc("GET /network/v2.0", c.guarded(networkResources))
	m.HandleFunc("GET /network/v2.0/{$}", c.guarded(networkResources))
	for _, k := range neutronKinds {
		p := "/" + k.path
		on("GET", p, c.neutronList(k))
		on("POST", p, c.neutronCreate(k))
		one := func(method, path string, h handler) { m.HandleFunc(method+" /network/v2.0"+path, c.guarded(h)) }
		one("GET", p+"/{id}", c.neutronShow(k))
		one("DELETE", p+"/{id}", c.neutronDelete(k))
		if k.update != nil {
			one("PUT", p+"/{id}", c.neutronUpdate(k))
		}
		one("GET", p+"/{id}/tags", c.listTags(k))
		one("PUT", p+"/{id}/tags", c.setTags(k))
		one("DELETE", p+"/{id}/tags", c.setTags(k))
		for _, method := range []string{"GET", "PUT", "DELETE"} {
			one(method, p+"/{id}/tags/{tag}", c.oneTag(k))
		}
	}
	guard := func(method, path string, h handler) { m.HandleFunc(method+" /network/v2.0"+path, c.guarded(h)) }
	guard("PUT", "/routers/{id}/add_router_interface", c.addInterface)
	guard("PUT", "/routers/{id}/remove_router_interface", c.removeInterface)
	guard("GET", "/quotas/{id}", c.showNetworkQuota)
	guard("PUT", "/quotas/{id}", c.setNetworkQuota)
	guard("DELETE", "/quotas/{id}", c.dropNetworkQuota)
	guard("GET", "/quotas/{id}/default", c.defaultNetworkQuota)
	guard("GET", "/quotas/{id}/details.json", c.detailNetworkQuota)
	guard("GET", "/quotas/{id}/details", c.detailNetworkQuota)
	on("GET", "/extensions", c.extensions)
	guard("GET", "/extensions/{id}", c.extension)
	on("GET", "/agents", c.agents)
	on("GET", "/availability_zones", networkZones)
}

func (c *Cloud) routeGlance(m *http.ServeMux) {
	m.HandleFunc("GET /image", c.open(imageVersions))
	m.HandleFunc("GET /image/{$}", c.open(imageVersions))
	m.HandleFunc("GET /image/versions", c.open(imageVersions))
	on := func(method, path string, h handler) { m.HandleFunc(method+" /image/v2"+path, c.guarded(h)) }
	on("GET", "/images", c.listImages)
	on("POST", "/images", c.createImage)
	on("GET", "/images/{id}", c.showImage)
	on("PATCH", "/images/{id}", c.patchImage)
	on("DELETE", "/images/{id}", c.deleteImage)
	on("PUT", "/images/{id}/file", c.uploadImage)
	on("GET", "/images/{id}/file", c.downloadImage)
	on("GET", "/schemas/image", imageSchema)
}

func (c *Cloud) routeCinder(m *http.ServeMux) {
	m.HandleFunc("GET /volume", c.open(volumeVersions(http.StatusMultipleChoices)))
	m.HandleFunc("GET /volume/{$}", c.open(volumeVersions(http.StatusMultipleChoices)))
	m.HandleFunc("GET /volume/v3", c.open(volumeVersions(http.StatusOK)))
	m.HandleFunc("GET /volume/v3/{$}", c.open(volumeVersions(http.StatusOK)))
	on := func(method, path string, h handler) { m.HandleFunc(method+" /volume/v3"+path, c.cinder(h)) }
	for kind, of := range map[string]metadataOf{"/volumes": c.volumeMetadataOf, "/snapshots": c.snapshotMetadataOf} {
		on("GET", kind+"/{id}/metadata", listCinderMetadata(of))
		on("POST", kind+"/{id}/metadata", setCinderMetadata(of))
		on("PUT", kind+"/{id}/metadata", setCinderMetadata(of))
		for _, method := range []string{"GET", "PUT", "DELETE"} {
			on(method, kind+"/{id}/metadata/{key}", oneCinderMetadata(of))
		}
	}
	on("GET", "/volumes", c.listVolumes(false))
	on("GET", "/volumes/detail", c.listVolumes(true))
	on("GET", "/volumes/summary", c.volumeSummary)
	on("POST", "/volumes", c.createVolume)
	on("GET", "/volumes/{id}", c.showVolume)
	on("PUT", "/volumes/{id}", c.updateVolume)
	on("DELETE", "/volumes/{id}", c.deleteVolume)
	on("POST", "/volumes/{id}/action", c.actOnVolume)
	on("GET", "/snapshots", c.listSnapshots(false))
	on("GET", "/snapshots/detail", c.listSnapshots(true))
	on("POST", "/snapshots", c.createSnapshot)
	on("GET", "/snapshots/{id}", c.showSnapshot)
	on("PUT", "/snapshots/{id}", c.updateSnapshot)
	on("DELETE", "/snapshots/{id}", c.deleteSnapshot)
	on("POST", "/snapshots/{id}/action", c.snapshotAction)
	on("GET", "/types", c.listVolumeTypes)
	on("GET", "/types/{id}", c.showVolumeType)
	on("GET", "/limits", c.volumeLimitsOf)
	on("GET", "/os-quota-sets/{id}", c.showVolumeQuota)
	on("GET", "/os-quota-sets/{id}/defaults", c.defaultVolumeQuota)
	on("PUT", "/os-quota-sets/{id}", c.setVolumeQuota)
	on("DELETE", "/os-quota-sets/{id}", c.dropVolumeQuota)
	on("GET", "/os-availability-zone", volumeZones)
	on("GET", "/os-services", listVolumeServices)
	on("GET", "/extensions", cinderExtensions)
}

// isID tells whether a segment of a route's pattern stands for an id.
func isID(segment string) bool { return strings.HasPrefix(segment, "{") && segment != "{$}" }
