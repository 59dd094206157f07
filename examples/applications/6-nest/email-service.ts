import { type Connection, type PayloadOf, Producer, Worker } from 'leveret'
import { emails } from './emails.js'

/** Delivers mails. */
export interface Mailer {
  deliver(mail: PayloadOf<typeof emails>): Promise<void>
}

/**
 * A provider as Nest makes them. In a module it is
 *
 * ```ts
 * providers: [
 *   { provide: 'RABBIT', useFactory: () => connect(process.env.RABBITMQ_URL ?? 'amqp://localhost') },
 *   { provide: EmailService, useFactory: (rabbit: Connection, mailer: Mailer) => new EmailService(rabbit, mailer), inject: ['RABBIT', 'MAILER'] },
 * ]
 * ```
 *
 * and the main program calls `app.enableShutdownHooks()`, so that Nest, and not `closeOnSignals`, answers SIGTERM.
 */
export class EmailService {
  readonly #rabbit: Connection
  readonly #producer: Producer<typeof emails>
  readonly #worker: Worker<typeof emails>

  constructor(rabbit: Connection, mailer: Mailer) {
    this.#rabbit = rabbit
    // Neither opens or declares anything yet.
    this.#producer = new Producer(rabbit, emails)
    this.#worker = new Worker(rabbit, emails, async (mail) => await mailer.deliver(mail))
  }

  /** Nest calls it when everything is injected. */
  async onModuleInit(): Promise<void> {
    await this.#worker.start()
  }

  /** For controllers: resolves when the mail is stored. */
  async send(to: string, subject: string): Promise<string> {
    const { messageId } = await this.#producer.send({ to, subject })
    return messageId
  }

  /** For the health endpoint. */
  isReady(): boolean {
    return this.#rabbit.health().ready
  }

  /** Nest calls it after the HTTP server has answered what it was asked. Finishes running work. */
  async onApplicationShutdown(): Promise<void> {
    await this.#rabbit.close()
  }
}
