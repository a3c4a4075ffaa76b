"""The rules of customers, balances, payments and imports."""
