@appointments @normal
Feature: Appointment tickets
  What happens to an appointment reminder is written as a ticket of its own.

  @APP1
  Scenario: APP1 An appointment is activated
    Given an exchange without tickets
    And the collector is collecting
    When an appointment is set for extension 106 at 07:00
    Then the collector collects every ticket
    And every ticket is delivered once and unchanged
    And each field under test reads as the exchange wrote it
