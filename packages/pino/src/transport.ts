import { isAbsolute, resolve } from 'node:path'
import type { Duplex, Transform } from 'node:stream'
import { pathToFileURL } from 'node:url'
import { connectForLogs, LogShipper, type ShipperOptions, Stderr, type WaitingLine } from '@leveret/log-shipper'
import type { Exchange } from 'leveret'
import build from 'pino-abstract-transport'
import { z } from 'zod'
import { envelopeOf, lineOf } from './pino-line.js'

/** Options of the transport. They cross into a worker thread, so a contract is named and not given. */
export interface PinoTransportOptions extends Omit<ShipperOptions, 'exchange'> {
  /** The broker, as `connect` takes it, or several of one cluster. Required */
  readonly url: string | readonly string[]
  /** Name of a durable topic exchange, which is declared. Required, unless there is a `contract` */
  readonly exchange?: string | undefined
  /**
   * The exchange as a contract of leveret: a module, `#`, and the name of its export. A path is taken from the folder that the process was started in.
   * @defaultValue none: a topic exchange of any lines
   */
  readonly contract?: string | undefined
  /** Routing key of a line; `{name}` is that of its logger, `{level}` that of its level. @defaultValue '{name}.{level}' */
  readonly routingKey?: string | undefined
  /** Name of the program, for the connection. @defaultValue 'pino' */
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
 * Makes the stream that pino writes to: of it each line goes to an exchange, as pino has written it. Whatever becomes of the broker, the application goes on: nothing here
 * throws, blocks or emits `error`.
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

/** @returns nothing where the options are wrong, which is said: the lines go nowhere then */
async function begin(given: PinoTransportOptions): Promise<Shipping | undefined> {
  try {
    const { url, exchange, contract, routingKey, app } = options.parse(given)
    const to = contract === undefined ? exchange : await contractOf(contract)
    if (to === undefined) throw new Error('give exchange or contract')
    const rabbit = await connectForLogs(url, app)
    // Of whoever has logged last.
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
