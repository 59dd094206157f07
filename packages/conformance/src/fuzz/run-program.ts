import type { Version } from '@leveret/memory-broker'
import { FieldTable, type Properties } from '@leveret/memory-broker/wire'
import { Lab, type Table } from '../lab.js'
import { ClosedError, type RawChannel } from '../raw-channel.js'
import type { RawConnection } from '../raw-connection.js'
import { CHANNELS, type Program, QUEUES_OF_PROGRAMS, type Step } from './program.js'

/** A broker, and the time that it gets to come to rest after each step. */
export interface Pace {
  readonly url: string
  readonly version: Version
  readonly settleMs: number
}

/** A wait that is long enough for every expiry in a program. */
const WAIT_MS = 80
const CHANNELS_PER_CONNECTION = 3

/** Runs a program. @returns what was observed, one line each */
export async function runProgram(program: Program, pace: Pace): Promise<readonly string[]> {
  const run = new Run(pace)
  try {
    return await run.all(program)
  } finally {
    await run.end()
  }
}

class Run {
  readonly #lab: Lab
  readonly #settleMs: number
  readonly #connections: (RawConnection | undefined)[] = []
  readonly #channels: (RawChannel | undefined)[] = []
  readonly #unsettled: number[][] = []
  readonly #consumed = new Map<string, number>()
  readonly #seen: string[] = []

  constructor({ url, version, settleMs }: Pace) {
    this.#lab = new Lab({ url, version })
    this.#settleMs = settleMs
  }

  async all(program: Program): Promise<readonly string[]> {
    for (const [index, step] of program.entries()) {
      const outcome = await this.#take(step)
      if (outcome !== undefined) this.#seen.push(`${index} ${step.do}: ${outcome}`)
      await this.#collect(index)
    }
    await this.#lab.settle(WAIT_MS)
    await this.#collect(program.length)
    return [...this.#seen, ...(await this.#leftovers())]
  }

  end(): Promise<void> {
    return this.#lab.end()
  }

  async #take(step: Step): Promise<string | undefined> {
    if (step.do === 'wait') return void (await this.#lab.settle(WAIT_MS))
    if (step.do === 'publish') return this.#publish(step.exchange, step.key, step.body, step.properties)
    const channel = await this.#channel(step.channel)
    return this.#lab
      .outcome(this.#command(step, channel))
      .then((outcome) => (outcome === 'ok' ? this.#answer : outcome))
  }

  /** The answer to the last command. */
  #answer: string | undefined

  async #command(step: Exclude<Step, { do: 'wait' | 'publish' }>, channel: RawChannel): Promise<void> {
    this.#answer = undefined
    switch (step.do) {
      case 'declare':
        this.#answer = await this.#declare(step, channel)
        return
      case 'exchange':
        await this.#lab.exchange(channel, step.exchange, step.type)
        return
      case 'bind':
        await this.#lab.bind(channel, step.queue, step.exchange, step.key)
        return
      case 'unbind':
        await channel.call('queue.unbind', { queue: step.queue, exchange: step.exchange, routingKey: step.key })
        return
      case 'get':
        this.#answer = await this.#get(step, channel)
        return
      case 'consume':
        return this.#consume(step, channel)
      case 'cancel':
        await channel.call('basic.cancel', { consumerTag: step.queue })
        this.#forgetConsumer(step.queue, step.channel)
        return
      case 'purge':
        await channel.call('queue.purge', { queue: step.queue })
        return
      case 'delete':
        await channel.call('queue.delete', { queue: step.queue })
        return
      case 'recover':
        this.#unsettled[step.channel] = []
        await channel.call('basic.recover', { requeue: true })
        return
      case 'close':
        this.#forget(step.channel)
        await channel.close()
        return
      default:
        await this.#settle(step, channel)
    }
  }

  async #declare({ queue, args, options }: Extract<Step, { do: 'declare' }>, channel: RawChannel): Promise<string> {
    const { messageCount, consumerCount } = await this.#lab.declare(channel, queue, args, options)
    return `${messageCount} messages, ${consumerCount} consumers`
  }

  async #get({ channel: number, queue, noAck }: Extract<Step, { do: 'get' }>, channel: RawChannel): Promise<string> {
    const seen = await this.#lab.get(channel, queue, noAck)
    if (seen === undefined) return 'empty'
    if (!noAck) this.#open(number).push(seen.tag)
    return `${seen.body}${seen.redelivered ? ' again' : ''} ${seen.exchange}/${seen.key} ${headersOf(seen.headers)}`
  }

  /** Adds at most one consumer per queue, because the broker may choose which of several gets a message. */
  async #consume(
    { channel: number, queue, prefetch, noAck }: Extract<Step, { do: 'consume' }>,
    channel: RawChannel,
  ): Promise<void> {
    if (this.#consumed.has(queue)) return
    await this.#lab.consume(channel, queue, { prefetch, noAck, consumerTag: queue })
    this.#consumed.set(queue, number)
  }

  async #settle(step: Extract<Step, { do: 'ack' | 'nack' | 'reject' }>, channel: RawChannel): Promise<void> {
    const open = this.#open(step.channel)
    const deliveryTag = open[step.which % Math.max(open.length, 1)]
    if (deliveryTag === undefined) return
    this.#unsettled[step.channel] = open.filter((tag) => (step.multiple ? tag > deliveryTag : tag !== deliveryTag))
    if (step.do === 'ack') channel.send('basic.ack', { deliveryTag, multiple: step.multiple })
    else if (step.do === 'nack')
      channel.send('basic.nack', { deliveryTag, multiple: step.multiple, requeue: step.requeue })
    else channel.send('basic.reject', { deliveryTag, requeue: step.requeue })
    await channel.call('queue.declare', { queue: 'amq.rabbitmq.reply-to', passive: true })
  }

  async #publish(exchange: string, key: string, body: string, properties: Table): Promise<string> {
    const { headers, ...rest } = properties as { headers?: Table } & Properties
    const complete = headers === undefined ? rest : { ...rest, headers: FieldTable.of(headers) }
    return this.#lab.publish(exchange, key, body, complete).catch((error: unknown) => {
      if (!(error instanceof ClosedError)) throw error
      this.#lab.renewPublisher()
      return this.#lab.plain(error.message)
    })
  }

  /** Records what has come since the last step. */
  async #collect(index: number): Promise<void> {
    await this.#lab.settle(this.#settleMs)
    for (const [number, channel] of this.#channels.entries()) {
      if (channel === undefined) continue
      for (const { method, body, headers } of channel.events.splice(0)) {
        if (method.name === 'basic.deliver') {
          const { consumerTag, deliveryTag, redelivered } = method.args
          this.#open(number).push(deliveryTag)
          this.#seen.push(
            `${index} ${consumerTag} delivers ${body}${redelivered ? ' again' : ''} ${headersOf(headers)}`,
          )
        } else {
          this.#seen.push(`${index} ${method.name}`)
          if (method.name === 'basic.cancel') this.#forgetConsumer(method.args.consumerTag, number)
        }
      }
      if (channel.closed !== undefined) this.#forget(number)
    }
  }

  #open(channel: number): number[] {
    const open = this.#unsettled[channel] ?? []
    this.#unsettled[channel] = open
    return open
  }

  async #leftovers(): Promise<string[]> {
    const lines: string[] = []
    for (const channel of this.#channels)
      if (channel !== undefined && channel.closed === undefined) await channel.close().catch(() => undefined)
    await this.#lab.settle(this.#settleMs * 2)
    for (const queue of QUEUES_OF_PROGRAMS) {
      const left = await this.#lab.drain(queue, 0).catch((error: unknown) => String(error))
      lines.push(
        `${queue}: ${typeof left === 'string' ? this.#lab.plain(left) : left.map(({ body, redelivered }) => body + (redelivered ? ' again' : '')).join(', ')}`,
      )
    }
    return lines
  }

  async #channel(number: number): Promise<RawChannel> {
    const known = this.#channels[number]
    if (known !== undefined && known.closed === undefined) return known
    this.#forget(number)
    const connection = await this.#connection(Math.floor((number % CHANNELS) / CHANNELS_PER_CONNECTION))
    const channel = await connection.channel()
    this.#channels[number] = channel
    return channel
  }

  async #connection(index: number): Promise<RawConnection> {
    const known = this.#connections[index]
    if (known !== undefined && known.closed === undefined) return known
    const connection = await this.#lab.connect()
    this.#connections[index] = connection
    return connection
  }

  #forget(number: number): void {
    this.#channels[number] = undefined
    this.#unsettled[number] = []
    for (const [queue, channel] of this.#consumed) if (channel === number) this.#consumed.delete(queue)
  }

  #forgetConsumer(queue: string, channel: number): void {
    if (this.#consumed.get(queue) === channel) this.#consumed.delete(queue)
  }
}

/** Returns headers without the parts that depend on the clock. */
function headersOf(headers: Readonly<Record<string, unknown>>): string {
  if (Object.keys(headers).length === 0) return ''
  const plain = JSON.stringify(sorted(headers), (name, value) =>
    name === 'time' || typeof value === 'bigint' ? '' : value,
  )
  return plain
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, item]) => [name, sorted(item)]),
  )
}
