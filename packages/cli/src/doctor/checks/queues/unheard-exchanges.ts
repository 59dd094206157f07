import type { Check } from '../../check.js'

/** Finds exchanges without bindings: messages published there are dropped. */
export const unheardExchanges: Check = {
  name: 'unheard-exchanges',
  ask: ({ exchanges, bindings }) => {
    const heard = new Set(bindings.map(({ source }) => source))
    return exchanges
      .filter(({ name }) => name !== '' && !name.startsWith('amq.') && !name.startsWith('leveret.') && !heard.has(name))
      .filter(({ arguments: args }) => args['alternate-exchange'] === undefined)
      .map(({ name, type }) => ({
        severity: 'warning',
        subject: name,
        evidence: `no queue is bound to this ${type} exchange: messages published to it are dropped`,
        wayOut: 'start its subscribers, or give it an alternate exchange (in a contract: alternate)',
      }))
  },
}
