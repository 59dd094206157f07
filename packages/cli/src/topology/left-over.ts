import type { Declaration } from 'leveret'
import type { PlanItem } from './plan-item.js'
import type { BrokerState } from './state.js'

/** Lists existing retry queues and bindings that no contract has. Nothing removes them. */
export function leftOver(declarations: readonly Declaration[], state: BrokerState): PlanItem[] {
  return [...leftQueues(declarations, state), ...leftBindings(declarations, state)]
}

const RETRY = /^(.+)\.retry\.(\d+)$/s

function leftQueues(declarations: readonly Declaration[], { queues }: BrokerState): PlanItem[] {
  const declared = new Set(declarations.flatMap((one) => (one.kind === 'queue' ? [one.name] : [])))
  return [...queues].flatMap(([name, queue]): PlanItem[] => {
    const [, work = '', delayMs] = RETRY.exec(name) ?? []
    if (!declared.has(work) || declared.has(name)) return []
    const waiting = queue === 'there' ? undefined : queue.messages
    return [
      {
        change: 'left',
        kind: 'queue',
        name,
        argument: 'x-message-ttl',
        declared: null,
        existing: Number(delayMs),
        waysOut: [
          `let it be: what waits in it${waiting === undefined ? '' : ` (${waiting})`} still comes back to '${work}', and a handler that throws Retry may use it`,
          `delete it when it is empty: rabbitmqctl delete_queue --if-empty '${name}'`,
          `keep the delay: put ${delayMs} back into delaysMs of '${work}'`,
        ],
      },
    ]
  })
}

/**
 * Lists left-over bindings. A contract lists all bindings of its queue, so any other binding brings unknown messages.
 */
function leftBindings(declarations: readonly Declaration[], { bindings = [] }: BrokerState): PlanItem[] {
  const own = declarations.filter((one) => one.kind === 'binding')
  const bound = new Set(own.map(({ to, destination }) => `${to} ${destination}`))
  const known = new Set(
    own.map(({ source, to, destination, bindingKey }) => `${source} ${to} ${destination} ${bindingKey}`),
  )
  return bindings
    .filter(({ source, destination_type: to, destination }) => source !== '' && bound.has(`${to} ${destination}`))
    .filter(
      ({ source, destination_type: to, destination, routing_key: key }) =>
        !known.has(`${source} ${to} ${destination} ${key}`),
    )
    .map(({ source, destination, routing_key: key }) => ({
      change: 'left',
      kind: 'binding',
      name: `${source} -> ${destination}`,
      existing: key,
      waysOut: [
        'let it be, where another version of the service needs it',
        'else unbind it in the management UI: what it brings is unknown to the contract',
      ],
    }))
}
