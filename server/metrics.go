package server

import (
	"context"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"clew/screen"
)

// metrics are what /metrics tells. Their names begin with clew_ and have their unit at the end.
type metrics struct {
	registry     *prometheus.Registry
	requests     *prometheus.CounterVec
	latency      *prometheus.HistogramVec
	inFlight     prometheus.Gauge
	screenings   *prometheus.CounterVec
	transactions prometheus.Histogram
	commit       prometheus.Histogram
	jobs         *prometheus.CounterVec
}

func newMetrics() *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "clew_requests_total",
			Help: "Requests that were answered, by route and status."}, []string{"route", "status"}),
		latency: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "clew_request_duration_seconds",
			Help:    "From the first look at a request to the end of its answer, by route.",
			Buckets: []float64{.0001, .0002, .0003, .0005, .001, .0015, .003, .01, .03, .1, .3, 1, 3, 10, 30}}, []string{"route"}), //nolint:forbidigo // Prometheus counts so
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{Name: "clew_requests_in_flight",
			Help: "Requests that are being answered."}),
		screenings: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "clew_screenings_total",
			Help: "Verdicts that were given, by what they say and what the policy asks for."}, []string{"verdict", "action"}),
		transactions: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "clew_walk_transactions",
			Help:    "Transactions that the walk of a screening read; screenings without a walk are not counted.",
			Buckets: prometheus.ExponentialBuckets(1, 4, 9)}),
		commit: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "clew_journal_commit_seconds",
			Help:    "How long the journal took to keep what a request left behind.",
			Buckets: prometheus.ExponentialBuckets(.00005, 2, 14)}),
		jobs: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "clew_jobs_total",
			Help: "Jobs that ended, by kind and how."}, []string{"kind", "state"}),
	}
	m.registry.MustRegister(m.requests, m.latency, m.inFlight, m.screenings, m.transactions, m.commit, m.jobs,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// series is one route's part of the metrics, found once.
type series struct {
	latency prometheus.Observer
	ok      prometheus.Counter
	other   *prometheus.CounterVec
}

func (m *metrics) route(name string) *series {
	return &series{
		latency: m.latency.WithLabelValues(name), ok: m.requests.WithLabelValues(name, "200"),
		other: m.requests.MustCurryWith(prometheus.Labels{"route": name}),
	}
}

func (s *series) observe(status int, took time.Duration) {
	s.latency.Observe(took.Seconds())
	if status == http.StatusOK {
		s.ok.Inc()
		return
	}
	s.other.WithLabelValues(statusText(status)).Inc()
}

// answered counts an answer of which no route knows.
func (m *metrics) answered(route string, status int, took time.Duration) {
	m.route(route).observe(status, took)
}

// screened counts a verdict.
func (m *metrics) screened(v *screen.Verdict) {
	m.screenings.WithLabelValues(string(v.Outcome), string(v.Action)).Inc()
	if v.Coverage.Transactions > 0 {
		m.transactions.Observe(float64(v.Coverage.Transactions)) //nolint:forbidigo // Prometheus counts so
	}
}

// stateCollector tells what is asked of the journal and the chains when somebody looks.
type stateCollector struct {
	s       *Server
	queued  *prometheus.Desc
	watches *prometheus.Desc
	behind  *prometheus.Desc
	height  *prometheus.Desc
}

func newStateCollector(s *Server) *stateCollector {
	return &stateCollector{
		s:       s,
		queued:  prometheus.NewDesc("clew_queue_length", "What waits: jobs by state, deliveries by state.", []string{"queue", "state"}, nil),
		watches: prometheus.NewDesc("clew_watches", "What is watched.", nil, nil),
		behind:  prometheus.NewDesc("clew_chain_behind_blocks", "How many blocks a chain is behind its node.", []string{"chain"}, nil),
		height:  prometheus.NewDesc("clew_chain_height_blocks", "The last block that the store has.", []string{"chain"}, nil),
	}
}

// Describe names the metrics.
func (c *stateCollector) Describe(ch chan<- *prometheus.Desc) {
	ch <- c.queued
	ch <- c.watches
	ch <- c.behind
	ch <- c.height
}

func (s *Server) metricsHandler() http.Handler {
	s.metrics.registry.MustRegister(newStateCollector(s))
	return promhttp.HandlerFor(s.metrics.registry, promhttp.HandlerOpts{ErrorLog: nil, MaxRequestsInFlight: 2})
}

// Collect tells them.
func (c *stateCollector) Collect(ch chan<- prometheus.Metric) {
	gauge := func(desc *prometheus.Desc, value int64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, float64(value), labels...) //nolint:forbidigo // Prometheus counts so
	}
	if waits, err := c.s.opt.Journal.Counts(context.Background()); err == nil { // without them, their metrics are absent
		for state, n := range waits.Jobs {
			gauge(c.queued, n, "jobs", string(state))
		}
		for state, n := range waits.Deliveries {
			gauge(c.queued, n, "deliveries", string(state))
		}
		gauge(c.watches, waits.Watches)
	}
	for _, chain := range c.s.opt.Chains() {
		gauge(c.height, chain.Height, chain.Chain)
		if chain.Behind != nil {
			gauge(c.behind, *chain.Behind, chain.Chain)
		}
	}
}
