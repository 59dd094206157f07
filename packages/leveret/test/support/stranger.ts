import { type ConfirmChannel, connect } from 'amqplib'

/** Another program on the same broker, on a connection of its own, that keeps none of leveret's rules. */
export interface Stranger extends AsyncDisposable {
  readonly channel: ConfirmChannel
}

export async function stranger(url: string): Promise<Stranger> {
  const connection = await connect(url)
  connection.on('error', () => undefined)
  const channel = await connection.createConfirmChannel()
  // What the broker closes it with, the call that did it rejects with too.
  channel.on('error', () => undefined)
  channel.on('handler-error', () => undefined)
  return { channel, [Symbol.asyncDispose]: async () => await connection.close().catch(() => undefined) }
}
