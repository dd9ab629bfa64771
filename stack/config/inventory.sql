-- The inventory example of the Debezium project (MIT, see inventory.LICENSE.txt), without its PostGIS table,
-- and with a second table about people: some of the subscribers are customers, known by their e-mail address.
CREATE SCHEMA inventory;
SET search_path TO inventory;

CREATE TABLE products (
  id SERIAL NOT NULL PRIMARY KEY,
  name VARCHAR(255) NOT NULL,
  description VARCHAR(512),
  weight FLOAT
);
ALTER SEQUENCE products_id_seq RESTART WITH 101;

INSERT INTO products
VALUES (default,'scooter','Small 2-wheel scooter',3.14),
       (default,'car battery','12V car battery',8.1),
       (default,'12-pack drill bits','12-pack of drill bits with sizes ranging from #40 to #3',0.8),
       (default,'hammer','12oz carpenter''s hammer',0.75),
       (default,'hammer','14oz carpenter''s hammer',0.875),
       (default,'hammer','16oz carpenter''s hammer',1.0),
       (default,'rocks','box of assorted rocks',5.3),
       (default,'jacket','water resistent black wind breaker',0.1),
       (default,'spare tire','24 inch spare tire',22.2);

CREATE TABLE products_on_hand (
  product_id INTEGER NOT NULL PRIMARY KEY,
  quantity INTEGER NOT NULL,
  FOREIGN KEY (product_id) REFERENCES products(id)
);

INSERT INTO products_on_hand
VALUES (101,3), (102,8), (103,18), (104,4), (105,5), (106,0), (107,44), (108,2), (109,5);

CREATE TABLE customers (
  id SERIAL NOT NULL PRIMARY KEY,
  first_name VARCHAR(255) NOT NULL,
  last_name VARCHAR(255) NOT NULL,
  email VARCHAR(255) NOT NULL UNIQUE
);
ALTER SEQUENCE customers_id_seq RESTART WITH 1001;

INSERT INTO customers
VALUES (default,'Sally','Thomas','sally.thomas@acme.com'),
       (default,'George','Bailey','gbailey@foobar.com'),
       (default,'Edward','Walker','ed@walker.com'),
       (default,'Anne','Kretchmar','annek@noanswer.org');

CREATE TABLE orders (
  id SERIAL NOT NULL PRIMARY KEY,
  order_date DATE NOT NULL,
  purchaser INTEGER NOT NULL,
  quantity INTEGER NOT NULL,
  product_id INTEGER NOT NULL,
  FOREIGN KEY (purchaser) REFERENCES customers(id),
  FOREIGN KEY (product_id) REFERENCES products(id)
);
ALTER SEQUENCE orders_id_seq RESTART WITH 10001;

INSERT INTO orders
VALUES (default, '2016-01-16', 1001, 1, 102),
       (default, '2016-01-17', 1002, 2, 105),
       (default, '2016-02-19', 1002, 2, 106),
       (default, '2016-02-21', 1003, 1, 107);

CREATE TABLE newsletter_subscribers (
  id SERIAL NOT NULL PRIMARY KEY,
  email VARCHAR(255) NOT NULL,
  full_name VARCHAR(255),
  phone VARCHAR(64),
  subscribed_at TIMESTAMPTZ NOT NULL,
  updated_at TIMESTAMPTZ NOT NULL DEFAULT now()
);

INSERT INTO newsletter_subscribers
VALUES (default,'Sally.Thomas@acme.com','Sally A. Thomas','+1 212 555 0142','2024-03-01 09:30:00+00','2024-03-01 09:30:00+00'),
       (default,'ed@walker.com','Ed Walker',NULL,'2024-05-17 18:05:00+00','2024-06-02 07:45:00+00'),
       (default,'ed.walker@example.org','Edward Walker','+1 415 555 0187','2024-06-20 12:00:00+00','2024-06-20 12:00:00+00'),
       (default,'annek@noanswer.org',NULL,'+1 206 555 0119','2024-07-11 21:15:00+00','2024-07-11 21:15:00+00'),
       (default,'maria.silva@example.com','Maria Silva','+1 305 555 0163','2024-08-30 06:20:00+00','2024-08-30 06:20:00+00');
