"""The capstone: a float model, a budget, and one function that has to meet it, graded by measurement.

    from course_lib.capstone import Budget, Delivery, Scorecard, Tried, materials, orders, practice

Numbered 31 for its place, but no topic: no card, no check, no points.
"""

from course_lib.capstone.budgets import PRACTICE, Order, orders
from course_lib.capstone.materials import materials
from course_lib.capstone.practice import practice
from course_lib.capstone.values import Budget, Delivery, Scorecard, Tried

__all__ = ["PRACTICE", "Budget", "Delivery", "Order", "Scorecard", "Tried", "materials", "orders", "practice"]
