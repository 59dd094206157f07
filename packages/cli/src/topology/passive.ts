import { BrokerError, type Connection, type Declaration, declare, topicExchange, workQueue } from 'leveret'
import { z } from 'zod'
import type { BrokerState, ExistingQueue } from './state.js'

/**
 * Checks each queue and exchange by a passive declaration. A user without the management API sees only whether it
 * exists.
 */
export async function stateFromPassiveDeclares(
  rabbit: Connection,
  declarations: readonly Declaration[],
  why: string,
): Promise<BrokerState> {
  const queues = new Map<string, ExistingQueue>()
  const exchanges = new Map<string, 'there'>()
  const unseen = [
    `The management API did not answer (${why}), so arguments, bindings, policies and leftovers were not compared.`,
  ]
  for (const declaration of declarations) {
    if (declaration.kind === 'binding') continue
    const answer = await isThere(rabbit, declaration)
    if (answer === 'refused') unseen.push(`The ${declaration.kind} '${declaration.name}' may not be looked for.`)
    if (answer === 'missing') continue
    if (declaration.kind === 'queue') queues.set(declaration.name, 'there')
    else exchanges.set(declaration.name, 'there')
  }
  return { queues, exchanges, bindings: undefined, policies: undefined, unseen }
}

type Named = Exclude<Declaration, { readonly kind: 'binding' }>

async function isThere(rabbit: Connection, { kind, name }: Named): Promise<'there' | 'missing' | 'refused'> {
  const payload = z.unknown()
  const asked =
    kind === 'queue'
      ? workQueue(name, { payload, existing: true, retry: false, deadLetter: false })
      : topicExchange(name, { '#': payload }, { existing: true })
  try {
    await declare(rabbit, asked)
    return 'there'
  } catch (error) {
    if (!(error instanceof BrokerError)) throw error
    if (error.replyCode === 404) return 'missing'
    // 405: an exclusive queue of another connection exists.
    return error.replyCode === 403 ? 'refused' : 'there'
  }
}
