import type { BindingDeclaration, Declaration, ExchangeDeclaration, QueueDeclaration } from 'leveret'
import type { ContractsDocument, DescribedApplication } from '../document.js'

/** A box of a picture. */
export interface Node {
  readonly id: string
  readonly shape: 'sender' | 'receiver' | 'exchange' | 'queue' | 'waiting'
  readonly label: string
  /** A second line: the type of an exchange, or how many messages wait. */
  readonly note?: string
}

/** An arrow of a picture. */
export interface Edge {
  readonly from: string
  readonly to: string
  readonly label: string
  /** Whether it is the path of failed messages, or leads to a queue that is deleted with its connection. */
  readonly isDashed: boolean
}

/** A picture, before it is drawn. */
export interface Graph {
  readonly nodes: readonly Node[]
  readonly edges: readonly Edge[]
}

/** How many messages wait, by queue. */
export type Depths = ReadonlyMap<string, number>

/** Makes the picture of what applications send where, and who receives it. */
export function graphOf({ applications, declarations }: ContractsDocument, depths: Depths = new Map()): Graph {
  const senders = applications.filter(
    ({ sends, publishes, calls }) => sends.length + publishes.length + calls.length > 0,
  )
  const receivers = applications.filter(
    ({ works, subscribes, answers }) => works.length + subscribes.length + answers.length > 0,
  )
  const procedures = applications.flatMap(({ calls }) => calls).map(nameIn)
  const queues = queuesIn(declarations)
  const called = procedures.filter((name) => !queues.some((queue) => queue.name === name))
  return {
    nodes: unique([
      ...senders.map(({ name }): Node => ({ id: `sender ${name}`, shape: 'sender', label: name })),
      ...declarations.filter((one): one is ExchangeDeclaration => one.kind === 'exchange').map(exchangeNode),
      ...queues.map((queue) => queueNode(queue, depths)),
      ...called.map((name): Node => ({ id: `queue ${name}`, shape: 'queue', label: name })),
      ...receivers.map(({ name }): Node => ({ id: `receiver ${name}`, shape: 'receiver', label: name })),
    ]),
    edges: mergeLabels([
      ...senders.flatMap(outgoing),
      ...declarations.filter((one): one is BindingDeclaration => one.kind === 'binding').map(bindingEdge),
      ...queues.flatMap((queue) => failureEdges(queue, declarations)),
      ...receivers.flatMap(incoming),
    ]),
  }
}

/** Returns each queue once. If two contracts have it, the declaration that states its purpose counts. */
function queuesIn(declarations: readonly Declaration[]): readonly QueueDeclaration[] {
  const queues = declarations.filter((one): one is QueueDeclaration => one.kind === 'queue')
  const byName = new Map<string, QueueDeclaration>()
  for (const queue of queues) {
    if (byName.get(queue.name)?.part === undefined) byName.set(queue.name, queue)
  }
  return [...byName.values()]
}

/** Returns the name in a key: `thumbnails` for `work-queue thumbnails`. */
function nameIn(key: string): string {
  return key.slice(key.indexOf(' ') + 1)
}

function exchangeNode({ name, type }: ExchangeDeclaration): Node {
  return { id: `exchange ${name}`, shape: 'exchange', label: name, note: type }
}

function queueNode({ name, part, arguments: args }: QueueDeclaration, depths: Depths): Node {
  const isWaiting = part === 'delay' || part === 'dead-letter'
  const depth = depths.get(name)
  const notes = [
    ...(args['x-queue-type'] === 'stream' ? ['stream'] : []),
    ...(depth === undefined ? [] : [`${depth} ${depth === 1 ? 'message' : 'messages'}`]),
  ]
  const note = notes.length === 0 ? {} : { note: notes.join(', ') }
  return { id: `queue ${name}`, shape: isWaiting ? 'waiting' : 'queue', label: name, ...note }
}

function outgoing({ name, sends, publishes, calls }: DescribedApplication): Edge[] {
  const from = `sender ${name}`
  return [
    ...sends.map((key) => ({ from, to: `queue ${nameIn(key)}`, label: '', isDashed: false })),
    ...publishes.map((key) => ({ from, to: `exchange ${nameIn(key)}`, label: '', isDashed: false })),
    ...calls.map((key) => ({ from, to: `queue ${nameIn(key)}`, label: 'calls', isDashed: false })),
  ]
}

function incoming({ name, works, subscribes, answers }: DescribedApplication): Edge[] {
  const to = `receiver ${name}`
  return [
    ...[...works, ...answers].map((key) => ({ from: `queue ${nameIn(key)}`, to, label: '', isDashed: false })),
    ...subscribes.map((key) =>
      key.startsWith('exchange ')
        ? { from: key, to, label: 'while connected', isDashed: true }
        : { from: `queue ${nameIn(key)}`, to, label: '', isDashed: false },
    ),
  ]
}

function bindingEdge({ source, to, destination, bindingKey }: BindingDeclaration): Edge {
  return { from: `exchange ${source}`, to: `${to} ${destination}`, label: bindingKey, isDashed: false }
}

/** Returns the arrows of failed messages: to a delay and back, and finally to the dead letters. */
function failureEdges({ name, part, arguments: args }: QueueDeclaration, declarations: readonly Declaration[]): Edge[] {
  const back = args['x-dead-letter-routing-key']
  if (part === 'delay' && typeof back === 'string') {
    const delay = readable(Number(args['x-message-ttl']))
    return [
      { from: `queue ${back}`, to: `queue ${name}`, label: 'failed', isDashed: true },
      { from: `queue ${name}`, to: `queue ${back}`, label: `after ${delay}`, isDashed: true },
    ]
  }
  const isThere = declarations.some((one) => one.kind === 'queue' && one.name === back)
  if (part !== undefined || typeof back !== 'string' || !isThere) return []
  return [{ from: `queue ${name}`, to: `queue ${back}`, label: 'given up', isDashed: true }]
}

/** Formats a duration: `90 s` for `90_000`. */
function readable(ms: number): string {
  if (ms % 60_000 === 0) return `${ms / 60_000} min`
  return ms % 1_000 === 0 ? `${ms / 1_000} s` : `${ms} ms`
}

function unique(nodes: readonly Node[]): Node[] {
  return [...new Map(nodes.map((node) => [node.id, node])).values()]
}

/** Merges the bindings between the same two nodes into one arrow. */
function mergeLabels(edges: readonly Edge[]): Edge[] {
  const merged = new Map<string, Edge>()
  for (const edge of edges) {
    const key = JSON.stringify([edge.from, edge.to, edge.isDashed])
    const known = merged.get(key)
    const label = [known?.label ?? '', edge.label].filter(Boolean).join(', ')
    merged.set(key, { ...edge, label })
  }
  return [...merged.values()]
}
