import { setTimeout as delay } from 'node:timers/promises'
import { type Connection, Producer, Worker, workQueue } from 'leveret'
import { z } from 'zod'
import { ONCE_CONCURRENCY, onceLetter } from '../ledger/message.js'
import type { Notebook } from './notebook.js'

const contract = workQueue('once', { payload: z.object({ n: z.int() }), retry: false, deadLetter: false })
/** The longest run of a handler, so that most of them are running when a connection is lost. */
const WORK_MS = 500
const SEND_EVERY_MS = 25

/** Connections of {@link Once}. */
export interface OnceLinks {
  readonly working: Connection
  /** Connection that no fault touches: a message sent again over a lost link may be stored twice, and handled twice. */
  readonly sending: Connection
}

/**
 * Sends to one more queue, and works on it with `acknowledge: 'none'`. Its worker has started when `start` resolves.
 */
export class Once {
  readonly #link: Connection
  readonly #sending: Promise<void>
  #stopped = false

  private constructor(link: Connection, notebook: Notebook, run: string) {
    this.#link = link
    this.#sending = this.#send(new Producer(link, contract), notebook, run)
  }

  static async start({ working: rabbit, sending }: OnceLinks, notebook: Notebook, run: string): Promise<Once> {
    const worker = new Worker(
      rabbit,
      contract,
      async (_task, { messageId = '?', signal }) => {
        notebook.note('begun', messageId, '1')
        await delay(Math.random() * WORK_MS)
        if (signal.aborted) notebook.note('aborted', messageId)
        notebook.note('done', messageId)
      },
      { acknowledge: 'none', concurrency: ONCE_CONCURRENCY },
    )
    worker.on('delivery.acked', ({ messageId = '?' }) => notebook.note('acked', messageId))
    await worker.start()
    return new Once(sending, notebook, run)
  }

  /** Stops sending. Resolves when every send has settled. */
  async stop(): Promise<void> {
    this.#stopped = true
    await this.#sending
    await this.#link.close()
  }

  async #send(producer: Producer<typeof contract>, notebook: Notebook, run: string): Promise<void> {
    for (let n = 0; !this.#stopped; n += 1) {
      const messageId = `${onceLetter}${run}-${n}`
      notebook.note('published', messageId)
      await producer.send({ n }, { messageId }).then(
        () => notebook.note('confirmed', messageId),
        () => notebook.note('failed', messageId, 'unknown'),
      )
      await delay(SEND_EVERY_MS)
    }
  }
}
