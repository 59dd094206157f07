import { isAbsolute, resolve } from 'node:path'
import type { Duplex, Transform } from 'node:stream'
import { pathToFileURL } from 'node:url'
import { connectForLogs, LogShipper, type ShipperOptions, Stderr, type WaitingLine } from '@leveret/log-shipper'
import type { Exchange } from 'leveret'
import build from 'pino-abstract-transport'
import { z } from 'zod'
import { envelopeOf, lineOf } from './pino-line.js'

/** Options of {@link transport}. pino sends them to a worker thread, so a contract is passed by its name. */
export interface PinoTransportOptions extends Omit<ShipperOptions, 'exchange'> {
  /** The URL of the broker, as `connect` takes it, or URLs of several nodes of one cluster */
  readonly url: string | readonly string[]
  /** The name of a durable topic exchange. The transport declares it. Required, unless there is a `contract` */
  readonly exchange?: string | undefined
  /**
   * The exchange as a contract of leveret: a module, `#`, and the name of its export. A relative path starts at the
   * working directory of the process.
   * @defaultValue none: a topic exchange that takes any line
   */
  readonly contract?: string | undefined
  /**
   * The routing key of a line. `{name}` is the name of its logger, `{level}` its level. @defaultValue '{name}.{level}'
   */
  readonly routingKey?: string | undefined
  /** The name of the program, which names the connection. @defaultValue 'pino' */
  readonly app?: string | undefined
}

const WARN = 40

const options = z.looseObject({
  url: z.union([z.string().min(1), z.array(z.string().min(1)).min(1)]),
  exchange: z.string().min(1).optional(),
  contract: z.string().includes('#').optional(),
  routingKey: z.string().min(1).default('{name}.{level}'),
  app: z.string().min(1).default('pino'),
})

/**
 * Creates the stream that pino writes to. It publishes each line to an exchange, unchanged. The application goes on
 * whatever happens to the broker: nothing here throws, blocks or emits `error`.
 */
export async function transport(given: PinoTransportOptions): Promise<Transform | Duplex> {
  const shipping = await begin(given)
  return build(
    async (source) => {
      for await (const line of source) shipping?.push(line as WaitingLine)
    },
    {
      parseLine: lineOf,
      metadata: false,
      close: async () => await shipping?.close(),
    },
  )
}

interface Shipping {
  push(line: WaitingLine): void
  close(): Promise<void>
}

/** @returns `undefined` if an option is wrong. Then stderr says so, and no line is shipped */
async function begin(given: PinoTransportOptions): Promise<Shipping | undefined> {
  try {
    const { url, exchange, contract, routingKey, app } = options.parse(given)
    const to = contract === undefined ? exchange : await contractOf(contract)
    if (to === undefined) throw new Error('give exchange or contract')
    const rabbit = await connectForLogs(url, app)
    // The name of the logger of the last line.
    let name = app
    const shipper = new LogShipper<WaitingLine>(
      { ...given, exchange: to },
      {
        rabbit,
        envelopeOf: (line) => {
          const envelope = envelopeOf(line, routingKey, {})
          name = envelope.appId ?? name
          return envelope
        },
        noticeOf: (notice) => ({
          text: JSON.stringify({ level: WARN, name, ...notice }),
          time: notice.time,
          level: WARN,
        }),
      },
    )
    const close = async (): Promise<void> => {
      await shipper.close()
      await rabbit.close({ timeoutMs: 0 })
    }
    return { push: (line) => shipper.push(line), close }
  } catch (error) {
    new Stderr().say(`@leveret/pino: no line is shipped: ${(error as Error).message}`)
    return undefined
  }
}

async function contractOf(reference: string): Promise<Exchange> {
  const at = reference.lastIndexOf('#')
  const [file, name] = [reference.slice(0, at), reference.slice(at + 1)]
  const isPath = file.startsWith('.') || isAbsolute(file)
  const module = (await import(isPath ? pathToFileURL(resolve(file)).href : file)) as Record<string, unknown>
  const found = module[name]
  if (Object(found).kind !== 'exchange') throw new Error(`${reference} is no exchange of leveret`)
  return found as Exchange
}
