import { accessRoutes } from './access-routes.js'
import { brokerRoutes } from './broker-routes.js'
import { messageRoutes } from './message-routes.js'
import type { Answer, Handler, ManagementCall } from './request.js'
import { sessionRoutes } from './session-routes.js'
import { topologyRoutes } from './topology-routes.js'

export type { Answer, ManagementCall }

/** Handlers by `METHOD /path`, in which `*` stands for a name. */
const ROUTES: Readonly<Record<string, Handler>> = {
  ...brokerRoutes,
  ...accessRoutes,
  ...topologyRoutes,
  ...messageRoutes,
  ...sessionRoutes,
}

const compiled = Object.entries(ROUTES).map(([pattern, handle]) => {
  const [method = '', path = ''] = pattern.split(' ')
  return { method, parts: path.split('/'), handle }
})

export interface FoundRoute {
  readonly handle: Handler
  readonly names: readonly string[]
}

/** Finds the handler of a request. A fixed word in a path takes precedence over a name. */
export function findRoute(method: string, pathname: string): FoundRoute | undefined {
  const words = pathname.replace(/^\/api/, '').split('/')
  const fitting = compiled.filter(
    (route) =>
      route.method === method &&
      route.parts.length === words.length &&
      route.parts.every((part, index) => part === '*' || part === words[index]),
  )
  const [best] = fitting.sort((a, b) => countNames(a.parts) - countNames(b.parts))
  if (best === undefined) return undefined
  const names = words.filter((_, index) => best.parts[index] === '*').map(decodeURIComponent)
  return { handle: best.handle, names }
}

function countNames(parts: readonly string[]): number {
  return parts.filter((part) => part === '*').length
}
