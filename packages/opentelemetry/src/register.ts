import { instrument } from './instrument.js'

// Entry point for `node --import @leveret/opentelemetry/register app.js`: the application needs no change.
instrument()
