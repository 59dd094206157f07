import type { Delivery } from '../../message/delivery.js'

/** Answers a request: by its return value, or by a declared error that it throws. */
export type RequestHandler<Request, Response> = (request: Request, delivery: Delivery) => Response | Promise<Response>
