import { transport } from './transport.js'

export { type PinoTransportOptions, transport } from './transport.js'
/** Entry point that `pino({ transport: { target: '@leveret/pino' } })` loads. */
export default transport
