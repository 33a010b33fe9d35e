package openstack

import (
	"strconv"
	"time"
)

// serverDiagnostics is GET /servers/{id}/diagnostics, for administrators unless the policy was changed: the hypervisor's own words
// before 2.48, the same everywhere from then on. It answers for a guest that runs, and needs a host to ask.
func (c *Cloud) serverDiagnostics(q *call) (answer, error) {
	s, err := c.server(q, q.id())
	if err != nil {
		return answer{}, err
	}
	if !q.tok.admin() && !c.compute.open {
		return answer{}, novaPolicy("os-server-diagnostics")
	}
	if s.host == "" {
		return answer{}, notReady(s)
	}
	m, runs := s.counters(q.now)
	if !runs || s.power != powerRunning {
		return answer{}, refusal(409, "Cannot 'get_diagnostics' instance %s while it is in power state %s", s.id, powerWords[s.power])
	}
	net, disk := int(m.net), int(m.disk)
	if q.minor < 48 {
		out := object{"memory": s.flavor.ram * 1024, "vda_errors": -1, "vda_read": disk / 4, "vda_read_req": 112,
			"vda_write": disk - disk/4, "vda_write_req": disk / 4096, "vnet1_rx": net / 2, "vnet1_rx_drop": 0, "vnet1_rx_errors": 0,
			"vnet1_rx_packets": net / 1000, "vnet1_tx": net - net/2, "vnet1_tx_drop": 0, "vnet1_tx_errors": 0, "vnet1_tx_packets": net / 1000}
		for i := range m.cpus {
			out["cpu"+strconv.Itoa(i)+"_time"] = m.share(i)
		}
		return ok(out)
	}
	cpus, nics := []object{}, []object{}
	for i := range m.cpus {
		cpus = append(cpus, object{"id": i, "time": m.share(i), "utilisation": int(m.load)})
	}
	for _, p := range s.ports {
		part := net / len(s.ports)
		nics = append(nics, object{"mac_address": p.mac, "rx_octets": part / 2, "rx_packets": part / 1000, "rx_errors": 0, "rx_drop": 0,
			"rx_rate": nil, "tx_octets": part - part/2, "tx_packets": part / 1000, "tx_errors": 0, "tx_drop": 0, "tx_rate": nil})
	}
	return ok(object{"state": "running", "driver": "libvirt", "hypervisor": "kvm", "hypervisor_os": "linux", "uptime": int(q.now.Sub(m.born).Seconds()),
		"config_drive": s.configDrive, "num_cpus": len(cpus), "num_nics": len(nics), "num_disks": 1, "cpu_details": cpus, "nic_details": nics,
		"memory_details": object{"maximum": s.flavor.ram, "used": 0},
		"disk_details": []object{{"read_bytes": disk / 4, "read_requests": 112, "write_bytes": disk - disk/4, "write_requests": disk / 4096,
			"errors_count": 0}}})
}

// powerWords are Nova's names of power states.
var powerWords = map[int]string{0: "pending", powerRunning: "running", powerPaused: "paused", powerShutdown: "shutdown"}

// share is what one of the processors has worked.
func (s stretch) share(i int) time.Duration {
	each := s.cpu / time.Duration(s.cpus)
	if i == 0 {
		each += s.cpu % time.Duration(s.cpus)
	}
	return each
}
