import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { type Connection, declare, type Exchange, OptionsError, sendEncoded, topicExchange } from 'leveret'
import { z } from 'zod'
import type { Envelope } from './envelope.js'
import { type Dropped, LineRing, type WaitingLine } from './line-ring.js'
import { type ShipperOptions, type ShipperSettings, shipperOptions } from './options.js'
import { Stderr } from './stderr.js'

/** How many lines may be unconfirmed at once. */
const WINDOW = 1_000
const DECLARE_TIMEOUT_MS = 10_000
/** The first pause after a failed declaration of the exchange, and the longest one. */
const FIRST_PAUSE_MS = 1_000
const MAX_PAUSE_MS = 30_000

/** Content of a line that reports dropped lines. */
export interface Notice {
  readonly time: number
  readonly msg: string
  readonly dropped: number
  /** Time at which the first dropped line was logged, as an ISO 8601 text; `to` is that of the last one. */
  readonly from: string
  readonly to: string
}

/** The connection of a {@link LogShipper}, and the two functions that know the logger's format. */
export interface ShipperParts<Line extends WaitingLine> {
  readonly rabbit: Connection
  /** Returns the routing key and the properties of a line. It is called at each send. */
  envelopeOf(line: Line): Envelope
  /** Creates the line that reports dropped lines, as a warning. */
  noticeOf(notice: Notice): Line
}

/** A line and its message id. The id stays the same when the line is sent again. */
interface Shipped<Line> {
  readonly line: Line
  readonly messageId: string
}

/**
 * Ships lines to an exchange. It never blocks the logger, never throws, and holds at most `bufferBytes` of lines. Lines
 * that it drops are counted; when the broker has caught up, a line of its own reports them.
 */
export class LogShipper<Line extends WaitingLine> {
  readonly #parts: ShipperParts<Line>
  readonly #settings: ShipperSettings
  readonly #exchange: Exchange
  readonly #ring: LineRing<Line & { messageId?: string }>
  readonly #stderr = new Stderr()
  readonly #stop = new AbortController()
  #isDeclared = false
  #inFlight = 0
  #lost = 0
  #onIdle: (() => void) | undefined

  /** @throws {@link OptionsError} or a `ZodError` if an option is wrong */
  constructor(options: ShipperOptions, parts: ShipperParts<Line>) {
    this.#settings = shipperOptions.parse(options)
    this.#parts = parts
    const { exchange, bufferBytes, keepLevel } = this.#settings
    this.#exchange = typeof exchange === 'string' ? topicExchange(exchange, { '#': z.unknown() }) : exchange
    this.#ring = new LineRing(bufferBytes, keepLevel)
    void this.#declare()
  }

  /** Takes a line and returns at once. */
  push(line: Line): void {
    this.#ring.push(line)
    this.#pump()
  }

  /**
   * Waits until all lines are stored, at most `closeTimeoutMs`. Writes the number of lines that were not stored to
   * stderr. Never rejects.
   */
  async close(): Promise<void> {
    const idle = new Promise<void>((resolve) => {
      this.#onIdle = resolve
      this.#tellIdle()
    })
    const patience = new AbortController()
    const late = delay(this.#settings.closeTimeoutMs, undefined, { signal: patience.signal }).catch(() => undefined)
    await Promise.race([idle, late])
    patience.abort()
    const left = this.#ring.size + this.#inFlight
    this.#stop.abort()
    const dropped = (this.#ring.takeDropped()?.count ?? 0) + this.#lost
    if (left > 0)
      this.#stderr.say(
        `leveret logs: gave up ${left} lines that were not stored within ${this.#settings.closeTimeoutMs} ms`,
      )
    if (dropped > 0) this.#stderr.say(`leveret logs: dropped ${dropped} lines`)
  }

  #pump(): void {
    if (!this.#isDeclared || this.#stop.signal.aborted) return
    while (this.#inFlight < WINDOW) {
      const line = this.#ring.shift()
      if (line === undefined) break
      this.#inFlight += 1
      void this.#send(line)
    }
    this.#tellIdle()
  }

  async #send(line: Line & { messageId?: string }): Promise<void> {
    line.messageId ??= randomUUID()
    try {
      await sendEncoded(this.#parts.rabbit, this.#messageOf({ line, messageId: line.messageId }))
      this.#inFlight -= 1
      this.#tellDropped()
      this.#pump()
    } catch (error) {
      this.#inFlight -= 1
      this.#failed(line, error)
    }
  }

  #messageOf({ line, messageId }: Shipped<Line>): Parameters<typeof sendEncoded>[1] {
    const { routingKey, type, appId, headers } = this.#parts.envelopeOf(line)
    return {
      exchange: this.#exchange.name,
      routingKey,
      content: Buffer.from(line.text),
      mandatory: false,
      properties: {
        messageId,
        contentType: 'application/json',
        deliveryMode: 2,
        timestamp: Math.floor(line.time / 1_000),
        ...(type === undefined ? {} : { type }),
        ...(appId === undefined ? {} : { appId }),
        ...(headers === undefined ? {} : { headers }),
      },
    }
  }

  #failed(line: Line, error: unknown): void {
    if (this.#stop.signal.aborted) return
    if (error instanceof OptionsError) {
      // This line can never be sent, so a retry would not help.
      this.#lost += 1
      this.#stderr.say(`leveret logs: a line cannot be sent and is dropped: ${error.message}`)
      this.#pump()
      return
    }
    this.#ring.giveBack(line)
    this.#stderr.say(`leveret logs: ${(error as Error).message}`)
    if (this.#isDeclared) void this.#declare(FIRST_PAUSE_MS)
  }

  /** Declares the exchange, with retries until that succeeds, and then sends the lines that wait. Never rejects. */
  async #declare(pauseMs = 0): Promise<void> {
    const { signal } = this.#stop
    this.#isDeclared = false
    for (let next = pauseMs; !signal.aborted; next = Math.min(Math.max(next * 2, FIRST_PAUSE_MS), MAX_PAUSE_MS)) {
      await delay(next, undefined, { signal, ref: false }).catch(() => undefined)
      try {
        await declare(this.#parts.rabbit, [this.#exchange], { timeoutMs: DECLARE_TIMEOUT_MS, signal })
        this.#isDeclared = true
        this.#pump()
        return
      } catch (error) {
        if (!signal.aborted) this.#stderr.say(`leveret logs: lines wait: ${(error as Error).message}`)
      }
    }
  }

  /** Reports dropped lines once the broker takes lines again and the buffer is at most half full. */
  #tellDropped(): void {
    if (this.#ring.bytes * 2 > this.#settings.bufferBytes || this.#stop.signal.aborted) return
    const dropped = this.#ring.takeDropped()
    if (dropped !== undefined) void this.#sendNotice(dropped)
  }

  /** Sends the notice of dropped lines directly: in the ring, the notice itself could be dropped. */
  async #sendNotice(dropped: Dropped): Promise<void> {
    const from = new Date(dropped.from).toISOString()
    const to = new Date(dropped.to).toISOString()
    const msg = `leveret logs: dropped ${dropped.count} lines that were logged from ${from} to ${to}`
    const time = Date.now()
    this.#inFlight += 1
    try {
      const line = this.#parts.noticeOf({ time, msg, dropped: dropped.count, from, to })
      await sendEncoded(this.#parts.rabbit, this.#messageOf({ line, messageId: randomUUID() }))
      this.#stderr.say(msg)
    } catch {
      this.#ring.noteDropped(dropped)
    }
    this.#inFlight -= 1
    this.#pump()
  }

  #tellIdle(): void {
    if (this.#ring.size === 0 && this.#inFlight === 0) this.#onIdle?.()
  }
}
