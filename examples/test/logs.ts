import { leveret, PEERS, type Peer, type Running, start } from './programs.js'

/** Who listens in the tests of tutorials 3 to 5. */
const RECEIVERS: readonly Peer[] = PEERS.filter((peer) => peer !== leveret)

/** Who publishes to whom. */
export const LOG_PAIRS: readonly { readonly sender: Peer; readonly receiver: Peer }[] = PEERS.flatMap((sender) =>
  RECEIVERS.map((receiver) => ({ sender, receiver })),
)

/** Every receiver prints this when its queue is bound. */
export const WAITING = ' [*] Waiting for logs. To exit press CTRL+C'

/** Starts a receiver. Its queue is bound when this resolves: what is published from now on it gets. */
export async function listening(
  peer: Peer,
  program: string,
  env: Record<string, string>,
  ...words: string[]
): Promise<Running> {
  const receiver = start(peer, program, env, ...words)
  await receiver.printed(WAITING)
  return receiver
}

/** What a receiver has printed beside that it waits. */
export function received({ lines }: Running): string[] {
  return lines.filter((line) => line.startsWith(' [x] '))
}
