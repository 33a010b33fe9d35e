package cloud

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"regexp"
	"slices"
	"time"

	"github.com/stackhand/stackhand"
)

// MostCalls is how many calls Numbers makes at most for a server.
const MostCalls = 9

// Numbers tells how busy a server is: by the metrics service where the catalogue has one that knows it, since a moment, or else by Nova's
// diagnostics, which most clouds give to administrators only. A cloud that gives neither says so in Missing. Every call is made
// once, and counted also where an error is answered; no more than most are made.
func (c *Client) Numbers(ctx context.Context, id string, since time.Time, most int) (out stackhand.Numbers, err error) {
	if out, err = c.numbers(ctx, id, since, most); errors.Is(err, errCut) {
		return stackhand.Numbers{Calls: out.Calls, Cut: true}, nil
	}
	return out, err
}

// errCut is that no more calls may be made.
var errCut = errors.New("cloud: that takes more calls")

func (c *Client) numbers(ctx context.Context, id string, since time.Time, most int) (out stackhand.Numbers, err error) {
	n, err := c.on(ctx, compute)
	if err != nil {
		return out, err
	}
	n.patience = hasty
	q := asking{caller: n, calls: &out.Calls, most: most}
	if c.metered() {
		if out.Status, err = q.notRunning(ctx, id); err != nil || out.Status != "" {
			return out, err
		}
		known, err := c.measured(ctx, id, since, most, &out)
		if known || err != nil {
			return out, err
		}
	}
	return out, q.diagnose(ctx, id, &out)
}

// asking is a caller that counts.
type asking struct {
	caller
	calls *int
	most  int
}

// count counts a call that is about to be made; it answers errCut where that would be one too many.
func (q asking) count() error {
	if *q.calls >= q.most {
		return errCut
	}
	*q.calls++
	return nil
}

func ask[T any](ctx context.Context, q asking, segments ...string) (out T, err error) {
	if err := q.count(); err != nil {
		return out, err
	}
	return get[T](ctx, q.caller, segments...)
}

// running are the statuses of servers whose guest may be at work.
var running = []string{"ACTIVE", "VERIFY_RESIZE", "RESCUE", "PASSWORD", "REBOOT", "HARD_REBOOT", "MIGRATING", "RESIZE", "REVERT_RESIZE", "REBUILD"}

// notRunning is the status of a server that does not run, "" for one that does.
func (q asking) notRunning(ctx context.Context, id string) (string, error) {
	doc, err := ask[struct {
		Server struct {
			Status string `json:"status"`
		} `json:"server"`
	}](ctx, q, "servers", id)
	if err != nil || slices.Contains(running, doc.Server.Status) {
		return "", err
	}
	return doc.Server.Status, nil
}

// diagnose reads the diagnostics: https://docs.openstack.org/api-ref/compute/#servers-diagnostics-servers-diagnostics
func (q asking) diagnose(ctx context.Context, id string, out *stackhand.Numbers) (err error) {
	if q.atLeast(48) {
		var d wireDiagnostics
		if d, err = ask[wireDiagnostics](ctx, q, "servers", id, "diagnostics"); err == nil {
			out.Counters = d.counters()
		}
	} else {
		var d map[string]any
		if d, err = ask[map[string]any](ctx, q, "servers", id, "diagnostics"); err == nil {
			out.Counters = freeCounters(d)
		}
	}
	switch kind := stackhand.KindOf(err); {
	case err == nil:
		out.Counters.At = q.site.opts.Now()
		if out.Source = stackhand.SourceDiagnostics; out.Counters.CPUs == 0 {
			out.Source, out.Missing = stackhand.SourceNone, "the hypervisor of this cloud does not tell how busy processors are."
		}
		return nil
	case kind == stackhand.Forbidden:
		out.Source, out.Missing = stackhand.SourceNone, "this cloud gives no numbers: it shows the diagnostics of servers to its administrators only."
	case kind == stackhand.Conflict: // the guest does not run, or is on no host
	case kind == stackhand.Invalid, hasStatus(err, http.StatusNotImplemented):
		out.Source, out.Missing = stackhand.SourceNone, "this cloud gives no numbers: its hypervisor has no diagnostics."
	default:
		return err
	}
	out.Status, err = q.notRunning(ctx, id)
	if err == nil && out.Status == "" && out.Source == "" {
		err = stackhand.Errorf(stackhand.Unavailable, "The server runs, but has no diagnostics just now.")
	}
	return err
}

// wireDiagnostics is the form from microversion 2.48 on. What a hypervisor does not know is null.
type wireDiagnostics struct {
	Uptime *int64 `json:"uptime"`
	CPUs   []struct {
		Time *int64 `json:"time"` // ns
	} `json:"cpu_details"`
	NICs []struct {
		In  *int64 `json:"rx_octets"`
		Out *int64 `json:"tx_octets"`
	} `json:"nic_details"`
	Disks []struct {
		Read    *int64 `json:"read_bytes"`
		Written *int64 `json:"write_bytes"`
	} `json:"disk_details"`
}

func (w wireDiagnostics) counters() (c stackhand.Counters) {
	if w.Uptime != nil {
		c.Uptime = time.Duration(*w.Uptime) * time.Second
	}
	for _, p := range w.CPUs {
		if p.Time != nil {
			c.CPU += time.Duration(*p.Time)
			c.CPUs++
		}
	}
	for _, p := range w.NICs {
		if p.In != nil && p.Out != nil {
			c.Net += *p.In + *p.Out
			c.NICs++
		}
	}
	for _, p := range w.Disks {
		if p.Read != nil && p.Written != nil {
			c.Disk += *p.Read + *p.Written
			c.Disks++
		}
	}
	return c
}

// The names in libvirt's own form, before 2.48: cpu0_time in ns, and vda_read, tap1_rx and so on in bytes.
var (
	freeCPU  = regexp.MustCompile(`^cpu[0-9]+_time$`)
	freeNIC  = regexp.MustCompile(`_(rx|tx)$`)
	freeDisk = regexp.MustCompile(`_(read|write)$`)
)

func freeCounters(d map[string]any) (c stackhand.Counters) {
	for name, value := range d {
		v, ok := number(value)
		if !ok || v < 0 {
			continue
		}
		switch {
		case freeCPU.MatchString(name):
			c.CPU += time.Duration(v)
			c.CPUs++
		case freeNIC.MatchString(name):
			c.Net += int64(v)
			c.NICs++
		case freeDisk.MatchString(name):
			c.Disk += int64(v)
			c.Disks++
		}
	}
	return c
}

// number reads a JSON number.
func number(v any) (float64, bool) {
	switch v := v.(type) {
	case float64:
		return v, true
	case json.Number:
		f, err := v.Float64()
		return f, err == nil
	}
	return 0, false
}

// metered tells whether the catalogue has a metrics service. It is not asked for anew where it has none.
func (c *Client) metered() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.grant.catalog.has(metric, c.site.entry)
}

// maxNICs is of how many interfaces the traffic is read; with more of them it stays unknown.
const maxNICs = 2

// wireResource is a resource of Gnocchi, as Ceilometer makes it: https://gnocchi.osci.io/rest.html#resource
type wireResource struct {
	Metrics map[string]string `json:"metrics"` // ids, by name
}

// measured reads Gnocchi. It tells whether that knows the server's processors, and may be read.
func (c *Client) measured(ctx context.Context, id string, since time.Time, most int, out *stackhand.Numbers) (known bool, err error) {
	n, err := c.on(ctx, metric)
	if err != nil {
		return false, err
	}
	n.patience = hasty
	q := asking{caller: n, calls: &out.Calls, most: most}
	res, err := ask[wireResource](ctx, q, "resource", "instance", id)
	if hasStatus(err, 403, 404) || err == nil && res.Metrics["cpu"] == "" {
		return false, nil
	} else if err != nil {
		return false, err
	}
	cpu, err := q.series(ctx, res.Metrics["cpu"], since)
	if err != nil {
		return false, err
	}
	vcpus, err := q.series(ctx, res.Metrics["vcpus"], since)
	if err != nil {
		return false, err
	}
	traffic, err := q.traffic(ctx, id, since)
	if err != nil {
		return false, err
	}
	out.Source, out.Loads = stackhand.SourceMetrics, loads(cpu, vcpus, traffic)
	return true, nil
}

// traffic reads the counters of the server's interfaces; none where there are too many, or Gnocchi has them not.
func (q asking) traffic(ctx context.Context, id string, since time.Time) (out []series, err error) {
	u, err := q.url("search", "resource", "instance_network_interface")
	if err != nil {
		return nil, err
	}
	var nics []wireResource
	if err := q.count(); err != nil {
		return nil, err
	}
	err = q.once(ctx, "POST", u, map[string]any{"=": map[string]string{"instance_id": id}}, &nics)
	if hasStatus(err, 400, 403, 404) { // a Gnocchi without such resources
		return nil, nil
	}
	if err != nil || len(nics) > maxNICs {
		return nil, err
	}
	for _, nic := range nics {
		for _, name := range []string{"network.incoming.bytes", "network.outgoing.bytes"} {
			s, err := q.series(ctx, nic.Metrics[name], since)
			if err != nil {
				return nil, err
			}
			out = append(out, s)
		}
	}
	return out, nil
}

// series are the values of a metric, by the second, all of one granularity.
type series struct {
	step   time.Duration
	times  []time.Time
	values map[int64]float64
}

// series reads a metric's means, of the coarsest granularity that is not above an hour. The id "" has none.
func (q asking) series(ctx context.Context, id string, since time.Time) (out series, err error) {
	if id == "" {
		return out, nil
	}
	u, err := q.url("metric", id, "measures")
	if err != nil {
		return out, err
	}
	var rows [][3]any
	if err := q.count(); err != nil {
		return out, err
	}
	err = q.read(ctx, u+"?aggregation=mean&start="+since.UTC().Format("2006-01-02T15:04:05Z"), &rows)
	if hasStatus(err, 403, 404) {
		return out, nil
	}
	for _, row := range rows {
		if step, ok := number(row[1]); ok && step <= time.Hour.Seconds() {
			out.step = max(out.step, time.Duration(step)*time.Second)
		}
	}
	out.values = map[int64]float64{}
	for _, row := range rows {
		text, isTime := row[0].(string)
		at, perr := time.Parse(time.RFC3339, text)
		v, ok := number(row[2])
		if step, _ := number(row[1]); isTime && perr == nil && ok && time.Duration(step)*time.Second == out.step {
			out.times = append(out.times, at)
			out.values[at.Unix()] = v
		}
	}
	slices.SortFunc(out.times, time.Time.Compare)
	return out, err
}

// rate is the growth a second between two moments; below zero where that is not known, or the counter began anew.
func (s series) rate(from, to time.Time) float64 {
	a, ok := s.values[from.Unix()]
	b, also := s.values[to.Unix()]
	if !ok || !also || b < a || !to.After(from) {
		return -1
	}
	return (b - a) / to.Sub(from).Seconds()
}

// loads are the spans between the measures of the processors, from when on it is known how many there are. A gap stays one, as does a counter that went back.
func loads(cpu, vcpus series, traffic []series) (out []stackhand.Load) {
	cpus := 0.0
	for i := 1; i < len(cpu.times); i++ {
		from, to := cpu.times[i-1], cpu.times[i]
		for _, at := range []time.Time{from, to} {
			if v, ok := vcpus.values[at.Unix()]; ok && v >= 1 {
				cpus = v
			}
		}
		rate := cpu.rate(from, to)
		if cpus == 0 || rate < 0 || to.Sub(from) > 3*cpu.step {
			continue
		}
		l := stackhand.Load{From: from, To: to, CPU: rate / 1e9 / cpus * 100, Net: -1, Disk: -1}
		if len(traffic) > 0 {
			l.Net = 0
		}
		for _, s := range traffic {
			if r := s.rate(from, to); r < 0 || l.Net < 0 {
				l.Net = -1
			} else {
				l.Net += r
			}
		}
		out = append(out, l)
	}
	return out
}

// hasStatus tells whether the cloud answered with one of these statuses.
func hasStatus(err error, statuses ...int) bool {
	var a *answer
	return errors.As(err, &a) && slices.Contains(statuses, a.Status)
}
