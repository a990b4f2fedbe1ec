package telemetry

import (
	"context"
	"database/sql"
	"errors"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/semconv/v1.43.0/dbconv"
	"go.opentelemetry.io/otel/trace"
)

// Database observes the statements that are sent to one database, and its pools of connections.
type Database struct {
	tracer   trace.Tracer
	meter    metric.Meter
	system   attribute.KeyValue
	duration dbconv.ClientOperationDuration
	made     sync.Map // of operation to *operation
}

// operation is what is the same each time a statement runs.
type operation struct {
	span []trace.SpanStartOption
	fine metric.MeasurementOption
}

type operationKey struct{ name, collection string }

// Database observes a database of a system, postgresql or sqlite.
func (t *Telemetry) Database(system string) (*Database, error) {
	duration, err := dbconv.NewClientOperationDuration(t.meter,
		metric.WithExplicitBucketBoundaries(0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10)) // the conventions' own
	return &Database{tracer: t.tracer, meter: t.meter, system: semconv.DBSystemNameKey.String(system), duration: duration}, err
}

// Observe runs an operation (SELECT, INSERT, COMMIT) on a collection, a table, which may be empty. The code of an error is that
// of the database, empty where it has none.
func (d *Database) Observe(ctx context.Context, name, collection string, run func(context.Context) error, code func(error) string) error {
	begin := time.Now()
	op := d.operation(operationKey{name, collection})
	title := name
	if collection != "" {
		title += " " + collection
	}
	ctx, span := d.tracer.Start(ctx, title, op.span...)
	err := run(ctx)
	outcome := op.fine
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		kind := code(err)
		attributes := append(d.attributes(name, collection), semconv.ErrorTypeKey.String(kind))
		if kind == "" {
			attributes[len(attributes)-1] = semconv.ErrorTypeKey.String(kindOf(err))
		} else {
			attributes = append(attributes, semconv.DBResponseStatusCode(kind))
		}
		span.SetStatus(codes.Error, "")
		span.SetAttributes(attributes...)
		outcome = metric.WithAttributeSet(attribute.NewSet(attributes...))
	}
	span.End()
	d.duration.Inst().Record(ctx, time.Since(begin).Seconds(), outcome)
	return err
}

func (d *Database) operation(key operationKey) *operation {
	if known, ok := d.made.Load(key); ok {
		return known.(*operation)
	}
	attributes := d.attributes(key.name, key.collection)
	made := &operation{
		span: []trace.SpanStartOption{trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(attributes...)},
		fine: metric.WithAttributeSet(attribute.NewSet(attributes...)),
	}
	d.made.Store(key, made)
	return made
}

func (d *Database) attributes(name, collection string) []attribute.KeyValue {
	attributes := []attribute.KeyValue{d.system, semconv.DBOperationName(name)}
	if collection != "" {
		attributes = append(attributes, semconv.DBCollectionName(collection))
	}
	return attributes
}

// Pool observes the connections of a pool: how many are used, of how many that there may be.
func (d *Database) Pool(name string, pool *sql.DB) error {
	count, err := dbconv.NewClientConnectionCountObservable(d.meter)
	if err != nil {
		return err
	}
	most, err := dbconv.NewClientConnectionMaxObservable(d.meter)
	if err != nil {
		return err
	}
	of := semconv.DBClientConnectionPoolName(name)
	idle := metric.WithAttributeSet(attribute.NewSet(of, semconv.DBClientConnectionStateIdle))
	used := metric.WithAttributeSet(attribute.NewSet(of, semconv.DBClientConnectionStateUsed))
	all := metric.WithAttributeSet(attribute.NewSet(of))
	_, err = d.meter.RegisterCallback(func(_ context.Context, out metric.Observer) error {
		stats := pool.Stats()
		out.ObserveInt64(count.Inst(), int64(stats.Idle), idle)
		out.ObserveInt64(count.Inst(), int64(stats.InUse), used)
		out.ObserveInt64(most.Inst(), int64(stats.MaxOpenConnections), all)
		return nil
	}, count.Inst(), most.Inst())
	return err
}
