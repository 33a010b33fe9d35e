package openstack

// serverDiagnostics is GET /servers/{id}/diagnostics, for administrators: the hypervisor's own words before 2.48,
// the same everywhere from then on. The numbers grow with the server's age.
func (c *Cloud) serverDiagnostics(q *call) (answer, error) {
	s, err := c.server(q, q.id())
	if err != nil {
		return answer{}, err
	}
	if !q.tok.admin() {
		return answer{}, novaPolicy("os-server-diagnostics")
	}
	if s.vm != "active" || s.task != "" {
		return answer{}, wrongState(s, "get_diagnostics")
	}
	uptime := int(q.now.Sub(s.launched).Seconds())
	busy := uptime * 1_000_000_000 / 50 // 2 % of a processor, in ns
	if q.minor < 48 {
		return ok(object{"cpu0_time": busy, "memory": s.flavor.ram * 1024, "vda_errors": -1, "vda_read": 262144, "vda_read_req": 112,
			"vda_write": 4096 * uptime, "vda_write_req": uptime, "vnet1_rx": 1200 * uptime, "vnet1_rx_drop": 0, "vnet1_rx_errors": 0,
			"vnet1_rx_packets": 2 * uptime, "vnet1_tx": 800 * uptime, "vnet1_tx_drop": 0, "vnet1_tx_errors": 0, "vnet1_tx_packets": uptime})
	}
	cpus, nics := []object{}, []object{}
	for i := range s.flavor.vcpus {
		cpus = append(cpus, object{"id": i, "time": busy, "utilisation": 2})
	}
	for _, p := range s.ports {
		nics = append(nics, object{"mac_address": p.mac, "rx_octets": 1200 * uptime, "rx_packets": 2 * uptime, "rx_errors": 0, "rx_drop": 0,
			"rx_rate": nil, "tx_octets": 800 * uptime, "tx_packets": uptime, "tx_errors": 0, "tx_drop": 0, "tx_rate": nil})
	}
	return ok(object{"state": "running", "driver": "libvirt", "hypervisor": "kvm", "hypervisor_os": "linux", "uptime": uptime,
		"config_drive": s.configDrive, "num_cpus": len(cpus), "num_nics": len(nics), "num_disks": 1, "cpu_details": cpus, "nic_details": nics,
		"memory_details": object{"maximum": s.flavor.ram, "used": 0},
		"disk_details": []object{{"read_bytes": 262144, "read_requests": 112, "write_bytes": 4096 * uptime, "write_requests": uptime,
			"errors_count": 0}}})
}
