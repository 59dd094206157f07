"""RabbitMQ's Python tutorials 1 and 2, written anew on pika.

Usage: python3 pika.py send|receive|new-task|worker [text]
"""
import os
import sys

# This file is called like the library it uses; Python would find it first.
sys.path.pop(0)
import pika  # noqa: E402

program, *words = sys.argv[1:]
classic = os.environ.get('TUTORIAL_QUEUES') == 'classic'
quorum = {'durable': True, 'arguments': {'x-queue-type': 'quorum'}}
queues = {
    'hello': {'durable': False} if classic else quorum,
    'task_queue': {'durable': True} if classic else quorum,
}

connection = pika.BlockingConnection(pika.URLParameters(os.environ['RABBITMQ_URL']))
channel = connection.channel()


def put(queue, text):
    channel.queue_declare(queue=queue, **queues[queue])
    persistent = pika.BasicProperties(delivery_mode=2)
    channel.basic_publish(exchange='', routing_key=queue, body=text, properties=persistent)
    print(f' [x] Sent {text}', flush=True)
    connection.close()


def take(queue):
    def callback(ch, method, properties, body):
        print(f' [x] Received {body.decode()}', flush=True)
        ch.basic_ack(delivery_tag=method.delivery_tag)

    channel.queue_declare(queue=queue, **queues[queue])
    channel.basic_qos(prefetch_count=1)
    channel.basic_consume(queue=queue, on_message_callback=callback)
    print(' [*] Waiting', flush=True)
    channel.start_consuming()


{
    'send': lambda: put('hello', 'Hello World!'),
    'receive': lambda: take('hello'),
    'new-task': lambda: put('task_queue', ' '.join(words)),
    'worker': lambda: take('task_queue'),
}[program]()
