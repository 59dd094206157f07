import { setTimeout as delay } from 'node:timers/promises'
import type { DeduplicationStore, Interceptor } from '../../../src/index.js'
import type { Interception, WorkerPlan } from './program.js'

/** A store behind a front that is slow, or fails now and then. */
export function frontOf(store: DeduplicationStore, kind: NonNullable<WorkerPlan['store']>): DeduplicationStore {
  if (kind === 'quick') return store
  return new Proxy(store, {
    get: (target, name) => {
      const call = Reflect.get(target, name).bind(target) as (...args: unknown[]) => Promise<unknown>
      return async (...args: unknown[]) => {
        await delay(Math.random() * 40)
        if (kind === 'failing' && Math.random() < 0.1) throw new Error('the store is down')
        return await call(...args)
      }
    },
  })
}

/** An interceptor of a kind. @param seed - decides which messages it fails */
export function interceptorOf(kind: Interception, seed: number): Interceptor {
  const isUnlucky = (messageId = ''): boolean =>
    (messageId.length + messageId.charCodeAt(messageId.length - 1) + seed) % 5 === 0
  const kinds: Record<Interception, NonNullable<Interceptor['handle']>> = {
    passes: (_delivery, next) => next(),
    'passes later': async (_delivery, next) => {
      await delay(1)
      await next()
    },
    'refuses some': async ({ messageId, attempt }, next) => {
      if (isUnlucky(messageId) && attempt === 1) throw new Error('refused')
      await next()
    },
    'fails some afterwards': async ({ messageId, attempt }, next) => {
      await next()
      if (isUnlucky(messageId) && attempt === 1) throw new Error('failed afterwards')
    },
    catches: async (_delivery, next) => await next().catch(() => undefined),
  }
  return { handle: kinds[kind] }
}
