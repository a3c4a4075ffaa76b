"""The wire between terminal and ledger: pydantic models, problem codes, paging.

Shared by both sides; imports nothing else of the project. Import the module that holds what you
need (`from branchtui.contract.payments import Payment`): the package itself loads nothing, so that
a start pays only for what it uses.
"""
