export type { TestDeliveryOptions } from './delivery-options.js'
export {
  type TestDelivery,
  type TestWorkerOptions,
  testDelivery,
} from './test-delivery.js'
export type { TestEvent, TestEventDelivery, TestSubscriberOptions } from './test-event.js'
export type { TestAnswer, TestRequest } from './test-request.js'
export type { TestVerdict } from './verdicts.js'
