"""Writes python.jsonl: records as the original producer's Python makes them.

python3 testdata/python.py > testdata/python.jsonl
"""
import json
import random
from datetime import datetime

rng = random.Random(20261123)
types = ["Grocery_Store", "Gas_Station", "Shopping_Mall", "City_Services", "HealthCare_Service", "Food and Beverage", "Others"]
ties = [n / 8 for n in (1, 3, 5, 7, 9, 11, 8001, 79999)]
near = [1.005, 2.675, 0.285, 1.115, 10.235, 9999.995, 4321.125, 0.005, 0.015, 0.025, 0.0049999999999999999]
whole = [0.0, 1.0, 10.0, 100.0, 1520.0, 10000.0, 0.1, 987.2, 0.01, 0.001]
drawn = [rng.randint(100, 10000) * rng.random() for _ in range(250)]
for i, x in enumerate(whole + near + ties + drawn):
    account = rng.randint(1000000001, 1000000010)
    date = datetime(2023, 8, 14, 12, 0, 1, rng.choice([0, 5, 500000, 999999, 120, rng.randint(0, 999999)]))
    transaction = {
        "account_id": account,
        "customer_id": f"C{str(account)[::-1]}",
        "merchant_type": rng.choice(["Online", "In Store"]),
        "transaction_id": "".join(rng.choice("0123456789ABCDEF") for _ in range(16)),
        "transaction_type": types[i % len(types)],
        "transaction_amount": round(x, 2),
        "transaction_date": date.strftime("%Y-%m-%d %H:%M:%S.%f"),
    }
    flag = {"account_id": account, "flag_date": transaction["transaction_date"]}
    print(json.dumps({
        "amount_before_rounding": x.hex(),
        "microsecond": date.microsecond,
        "transaction_key": json.dumps({k: transaction[k] for k in ("account_id", "transaction_id")}),
        "transaction_value": json.dumps(transaction),
        "flag_key": json.dumps({"account_id": account}),
        "flag_value": json.dumps(flag),
    }))
