export { instrument, type Providers } from './instrument.js'
export { LeveretInstrumentation, type LeveretInstrumentationConfig } from './leveret-instrumentation.js'
export { type MetricDefinition, type MetricName, metricDefinitions } from './metrics/definitions.js'
export type { InstrumentOptions } from './options.js'
