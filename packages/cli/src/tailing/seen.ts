import type { Delivery, Exchange } from 'leveret'
import { contentOf } from '../letters/view.js'
import { valueAt } from '../letters/where.js'
import { schemaFor } from './templates.js'

/** A message as `tail` shows it. */
export interface Seen {
  readonly at: string
  readonly exchange: string
  readonly routingKey: string
  readonly messageId: string | null
  readonly contentType: string | null
  readonly headers: Readonly<Record<string, unknown>>
  /** The template, if the contract has templates; `null` if none matches. */
  readonly template?: string | null
  readonly payload?: unknown
  readonly content?: string
  /** The parts that do not fit the contract, if there is one. */
  readonly problems?: readonly { readonly path: string; readonly expected: string; readonly found: unknown }[]
}

/** Reads a message, and checks it if its contract is known. */
export async function seenOf(
  content: Buffer,
  routingKey: string,
  delivery: Delivery,
  contract: Exchange | undefined,
): Promise<Seen> {
  const readable = contentOf(content)
  return {
    at: new Date().toISOString(),
    exchange: delivery.exchange,
    routingKey,
    messageId: delivery.messageId ?? null,
    contentType: delivery.contentType ?? null,
    headers: { ...delivery.headers },
    ...(contract === undefined ? {} : await checked(content, routingKey, delivery, contract)),
    ...readable,
  }
}

async function checked(
  content: Buffer,
  routingKey: string,
  delivery: Delivery,
  contract: Exchange,
): Promise<Pick<Seen, 'template' | 'problems'>> {
  const found = schemaFor(contract, routingKey)
  if (found === undefined)
    return {
      template: null,
      problems: [{ path: '', expected: 'a routing key of one of the templates', found: routingKey }],
    }
  const named = found.template === undefined ? {} : { template: found.template }
  try {
    const { contentType, contentEncoding } = delivery
    const payload = await contract.codec.decode(content, { contentType, contentEncoding })
    const { issues = [] } = await found.schema['~standard'].validate(payload)
    const problems = issues.map(({ message, path = [] }) => {
      const parts = path.map((part) => String(typeof part === 'object' ? part.key : part))
      return { path: parts.join('.'), expected: message, found: valueAt(payload, parts) ?? null }
    })
    return { ...named, problems }
  } catch (error) {
    const expected = `content of the type ${contract.codec.contentType}: ${error instanceof Error ? error.message : error}`
    return { ...named, problems: [{ path: '', expected, found: delivery.contentType ?? null }] }
  }
}
