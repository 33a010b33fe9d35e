package openstack

import "maps"

// What Cinder tells of itself: types, limits, quotas, zones, services.

// volumeQuotas are Cinder's defaults; −1 is no limit.
var volumeQuotas = map[string]int{
	"volumes": 10, "snapshots": 10, "gigabytes": 1000, "per_volume_gigabytes": -1, "backups": 10, "backup_gigabytes": 1000, "groups": 10,
	"volumes_" + volumeType: -1, "gigabytes_" + volumeType: -1, "snapshots_" + volumeType: -1,
}

func (c *Cloud) volumeLimits(project string) map[string]int {
	out := maps.Clone(volumeQuotas)
	maps.Copy(out, c.storage.quotas[project])
	return out
}

// volumeUse is what a project takes; snapshots count into its gigabytes.
func (c *Cloud) volumeUse(project string) map[string]int {
	used := map[string]int{}
	for _, v := range c.storage.volumes {
		if v.project == project {
			used["volumes"]++
			used["gigabytes"] += v.size
		}
	}
	for _, s := range c.storage.snapshots {
		if s.project == project {
			used["snapshots"]++
			used["gigabytes"] += s.size
		}
	}
	for _, of := range []string{"volumes", "gigabytes", "snapshots"} {
		used[of+"_"+volumeType] = used[of]
	}
	return used
}

// roomForVolume refuses a volume or snapshot of size GiB beyond the quota, in Cinder's words.
func (c *Cloud) roomForVolume(project, kind string, size int) error {
	if err := c.roomForSize(project, size); err != nil {
		return err
	}
	limits, used := c.volumeLimits(project), c.volumeUse(project)
	switch {
	case limits[kind] < 0 || used[kind] < limits[kind]:
		return nil
	case kind == "snapshots":
		return refusal(413, "SnapshotLimitExceeded: Maximum number of snapshots allowed (%d) exceeded", limits[kind])
	}
	return refusal(413, "VolumeLimitExceeded: Maximum number of volumes allowed (%d) exceeded for quota 'volumes'.", limits[kind])
}

func (c *Cloud) roomForSize(project string, size int) error {
	limits, used := c.volumeLimits(project), c.volumeUse(project)
	if most := limits["per_volume_gigabytes"]; most >= 0 && size > most {
		return refusal(413, "VolumeSizeExceedsLimit: Requested volume size %dG is larger than maximum allowed limit %dG.", size, most)
	}
	if limit := limits["gigabytes"]; limit >= 0 && used["gigabytes"]+size > limit {
		return refusal(413, "VolumeSizeExceedsAvailableQuota: Requested volume or snapshot exceeds allowed gigabytes quota. Requested %dG, quota is %dG and %dG has been consumed.",
			size, limit, used["gigabytes"])
	}
	return nil
}

func (c *Cloud) volumeLimitsOf(q *call) (answer, error) {
	l, used := c.volumeLimits(q.tok.projectID()), c.volumeUse(q.tok.projectID())
	return ok(object{"limits": object{"rate": []object{}, "absolute": object{
		"maxTotalVolumes": l["volumes"], "maxTotalSnapshots": l["snapshots"], "maxTotalVolumeGigabytes": l["gigabytes"],
		"maxTotalBackups": l["backups"], "maxTotalBackupGigabytes": l["backup_gigabytes"], "totalVolumesUsed": used["volumes"],
		"totalGigabytesUsed": used["gigabytes"], "totalSnapshotsUsed": used["snapshots"], "totalBackupsUsed": 0, "totalBackupGigabytesUsed": 0,
	}}})
}

// showVolumeQuota is GET /os-quota-sets/{id}; usage=True tells what is in use, too.
func (c *Cloud) showVolumeQuota(q *call) (answer, error) {
	if !q.tok.sees(q.id()) {
		return answer{}, cinderPolicy("volume_extension:quotas:show")
	}
	usage, why := asBool(q.URL.Query().Get("usage"))
	used, v := c.volumeUse(q.id()), object{"id": q.id()}
	for name, limit := range c.volumeLimits(q.id()) {
		v[name] = limit
		if why == "" && usage.(bool) {
			v[name] = object{"limit": limit, "in_use": used[name], "reserved": 0}
		}
	}
	return ok(object{"quota_set": v})
}

func (c *Cloud) defaultVolumeQuota(q *call) (answer, error) {
	v := object{"id": q.id()}
	for name, limit := range volumeQuotas {
		v[name] = limit
	}
	return ok(object{"quota_set": v})
}

// setVolumeQuota is PUT /os-quota-sets/{id}, for administrators.
func (c *Cloud) setVolumeQuota(q *call) (answer, error) {
	if !q.tok.admin() {
		return answer{}, cinderPolicy("volume_extension:quotas:update")
	}
	in, err := q.part("quota_set")
	if err != nil {
		return answer{}, missingPart(err, "quota_set")
	}
	set := map[string]int{}
	for _, name := range sortedKeys(in) {
		n, isNumber := whole(in[name])
		if _, known := volumeQuotas[name]; !known {
			continue // Cinder passes over what it does not know
		}
		if !isNumber || n < -1 {
			return answer{}, invalid(name, in[name], "%s is less than the minimum of -1", quoted(in[name]))
		}
		set[name] = n
	}
	c.setQuota(c.storage.quotas, q.id(), set)
	v := object{}
	for name, limit := range c.volumeLimits(q.id()) {
		v[name] = limit
	}
	return ok(object{"quota_set": v})
}

func (c *Cloud) dropVolumeQuota(q *call) (answer, error) {
	if !q.tok.admin() {
		return answer{}, cinderPolicy("volume_extension:quotas:delete")
	}
	delete(c.storage.quotas, q.id())
	return ok(nil)
}

func (c *Cloud) volumeTypeView() object {
	return object{"id": c.storage.typeID, "name": volumeType, "is_public": true, "description": "Default Volume Type", "extra_specs": object{}}
}

func (c *Cloud) listVolumeTypes(*call) (answer, error) {
	v := c.volumeTypeView()
	v["os-volume-type-access:is_public"] = true
	return ok(object{"volume_types": []object{v}})
}

func (c *Cloud) showVolumeType(q *call) (answer, error) {
	if id := q.id(); id != "default" && id != c.storage.typeID {
		return answer{}, refusal(404, "Volume type %s could not be found.", id)
	}
	return ok(object{"volume_type": c.volumeTypeView()})
}

func volumeZones(*call) (answer, error) {
	return ok(object{"availabilityZoneInfo": []object{{"zoneName": "nova", "zoneState": object{"available": true}}}})
}

func listVolumeServices(q *call) (answer, error) {
	if !q.tok.admin() {
		return answer{}, cinderPolicy("volume_extension:services:index")
	}
	out := []object{}
	for binary, host := range map[string]string{"cinder-scheduler": hostName, "cinder-volume": hostName + "@fake"} {
		out = append(out, object{"binary": binary, "host": host, "zone": "nova", "status": "enabled", "state": "up",
			"updated_at": micro(q.now), "disabled_reason": nil})
	}
	order(out, []string{"binary"}, []string{"asc"})
	return ok(object{"services": out})
}

// volumeSummary is GET /volumes/summary, since 3.12.
func (c *Cloud) volumeSummary(q *call) (answer, error) {
	if q.minor < 12 {
		return c.showVolume(q)
	}
	count, size := 0, 0
	for _, v := range c.storage.volumes {
		if q.listsProject(v.project) {
			count, size = count+1, size+v.size
		}
	}
	v := object{"total_count": count, "total_size": size}
	if q.minor >= 36 {
		v["metadata"] = object{}
	}
	return ok(object{"volume-summary": v})
}

func cinderExtensions(*call) (answer, error) {
	out := []object{}
	for _, alias := range []string{"os-vol-image-meta", "os-used-limits", "os-admin-actions", "os-types-extra-specs", "os-snapshot-actions",
		"os-quota-sets", "os-volume-actions", "os-availability-zone", "os-extended-snapshot-attributes", "os-vol-tenant-attr", "os-services"} {
		out = append(out, object{"alias": alias, "name": alias, "description": "", "links": []string{}, "updated": "2012-05-31T00:00:00+00:00"})
	}
	return ok(object{"extensions": out})
}

func volumeVersions(code int) handler {
	return func(q *call) (answer, error) {
		return answer{code: code, body: object{"versions": []object{{
			"id": "v3.0", "status": "CURRENT", "version": "3.70", "min_version": "3.0", "updated": "2022-08-31T00:00:00Z",
			"links": []object{{"rel": "describedby", "type": "text/html", "href": "https://docs.openstack.org/"},
				{"rel": "self", "href": q.base() + volumeBase}},
			"media-types": []object{{"base": "application/json", "type": "application/vnd.openstack.volume+json;version=3"}},
		}}}}, nil
	}
}
