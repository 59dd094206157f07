import { instrument } from './instrument.js'

// For `node --import @leveret/opentelemetry/register app.js`: no line of the application changes.
instrument()
