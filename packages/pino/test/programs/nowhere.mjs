// A transport of pino that takes lines and does nothing.
import { Writable } from 'node:stream'

export default () => new Writable({ write: (_chunk, _encoding, done) => done() })
