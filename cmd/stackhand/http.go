package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// metrics is what /metrics tells. No label holds a name that a user chose.
type metrics struct {
	registry *prometheus.Registry
	changes  prometheus.Counter
	panics   *prometheus.CounterVec // by part
}

func newMetrics() *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		changes:  prometheus.NewCounter(prometheus.CounterOpts{Name: "stackhand_job_changes_total", Help: "Written changes of jobs' records."}),
		panics: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "stackhand_panics_total", Help: "Mistakes in the program that were caught in work that nobody asked for, by the part of it.",
		}, []string{"part"}),
	}
	m.registry.MustRegister(m.changes, m.panics, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

func (m *metrics) jobChanged() { m.changes.Inc() }

// watch adds the gauges that are read when somebody asks.
func (a *app) watch(ctx context.Context) {
	gauge := func(name, help string, read func() (int, error)) {
		a.metrics.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, func() float64 {
			n, err := read()
			if err != nil {
				a.log.Error("a gauge cannot be read", "metric", name, "err", err)
				return -1
			}
			return float64(n)
		}))
	}
	gauge("stackhand_slack_connections", "Socket Mode connections that are up.", func() (int, error) {
		n, _, _ := a.bot.Health()
		return n, nil
	})
	gauge("stackhand_inbox_pending", "Acknowledged deliveries that are not handled yet.", func() (int, error) {
		in, err := a.store.Pending(ctx)
		return len(in), err
	})
	gauge("stackhand_jobs_open", "Jobs that are not at rest.", func() (int, error) {
		jobs, err := a.store.OpenJobs(ctx)
		return len(jobs), err
	})
	gauge("stackhand_reports_open", "Jobs whose final message is not posted yet.", func() (int, error) {
		r, err := a.store.OpenReports(ctx)
		return len(r), err
	})
}

// serveHTTP answers /healthz (the process and its store work), /readyz (Slack is connected as well) and
// /metrics, until ctx ends.
func (a *app) serveHTTP(ctx context.Context) error {
	a.watch(ctx)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, r *http.Request) { a.answer(w, r, false) })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) { a.answer(w, r, true) })
	mux.Handle("GET /metrics", promhttp.HandlerFor(a.metrics.registry, promhttp.HandlerOpts{}))
	srv := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second, WriteTimeout: 30 * time.Second}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", a.cfg.Listen)
	if err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() {
		late, cancel := context.WithTimeout(context.WithoutCancel(ctx), 3*time.Second)
		defer cancel()
		if err := srv.Shutdown(late); err != nil {
			a.log.Warn("somebody was still reading when the bot stopped", "err", err)
		}
	})
	defer stop()
	if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func (a *app) answer(w http.ResponseWriter, r *http.Request, ready bool) {
	if _, err := a.store.Setting(r.Context(), "health"); err != nil && !isNotFound(err) {
		a.log.Error("the store does not answer", "err", err)
		http.Error(w, "the store does not answer", http.StatusServiceUnavailable)
		return
	}
	n, since, last := a.bot.Health()
	if ready && n == 0 {
		http.Error(w, fmt.Sprintf("not connected to Slack since %s", since.UTC().Format(time.RFC3339)), http.StatusServiceUnavailable)
		return
	}
	fmt.Fprintf(w, "ok: %d connections to Slack, last event %s\n", n, ago(a.now(), last))
}

func ago(now, then time.Time) string {
	if then.IsZero() {
		return "none yet"
	}
	return now.Sub(then).Round(time.Second).String() + " ago"
}
