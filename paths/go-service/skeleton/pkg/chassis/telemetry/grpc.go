package telemetry

import (
	"context"

	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"go.opentelemetry.io/otel/propagation"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// GRPCServer are the options of a gRPC server behind Server: contrib's instrumentation, and an answer where a handler panics. The
// context has come in with the HTTP request, by the strict propagator and with every value of a header in sight, so nothing is
// extracted a second time.
func (t *Telemetry) GRPCServer() []grpc.ServerOption {
	nothing := propagation.NewCompositeTextMapPropagator()
	return []grpc.ServerOption{
		grpc.StatsHandler(otelgrpc.NewServerHandler(otelgrpc.WithTracerProvider(t.tracers),
			otelgrpc.WithMeterProvider(t.meters), otelgrpc.WithPropagators(nothing))),
		grpc.ChainUnaryInterceptor(t.recovering),
	}
}

// GRPCClient is the option of a gRPC connection whose calls are observed and carry the current context.
func (t *Telemetry) GRPCClient() grpc.DialOption {
	return grpc.WithStatsHandler(otelgrpc.NewClientHandler(otelgrpc.WithTracerProvider(t.tracers),
		otelgrpc.WithMeterProvider(t.meters), otelgrpc.WithPropagators(t.propagator)))
}

func (t *Telemetry) recovering(
	ctx context.Context, request any, _ *grpc.UnaryServerInfo, next grpc.UnaryHandler,
) (response any, err error) {
	defer func() {
		if recover() != nil {
			t.logger.ErrorContext(ctx, "a handler panicked", panicAttributes()...)
			response, err = nil, status.Error(codes.Internal, "internal error")
		}
	}()
	return next(ctx, request)
}
