export {
  type TestDelivery,
  type TestDeliveryOptions,
  type TestVerdict,
  type TestWorkerOptions,
  testDelivery,
} from './test-delivery.js'
