import { transport } from './transport.js'

export { type PinoTransportOptions, transport } from './transport.js'
/** What `pino({ transport: { target: '@leveret/pino' } })` loads. */
export default transport
